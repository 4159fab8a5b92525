/* SPDX-License-Identifier: MIT */
#include "ext/zstd.h"

#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "ext/library.h"

/* The functions of the library that are used: X(name without "ZSTD_"). */
#define FUNCTIONS(X)                                                                     \
	X(createDStream) X(freeDStream) X(DCtx_reset) X(DCtx_setParameter)                  \
	X(decompressStream) X(isError) X(getErrorName)

struct zstd {
#define FUNCTION(name) __typeof__(&ZSTD_##name)(name);
	FUNCTIONS(FUNCTION)
#undef FUNCTION
	void *library;
	ZSTD_DStream *stream;
	struct report *report;
	uint64_t taken;
	uint64_t given;
	bool is_inside;
	bool is_failed;
};

bool zstd_is_frame(struct hf_slice bytes)
{
	static const char magic[4] = { '\x28', '\xb5', '\x2f', '\xfd' };
	static const char skippable[3] = { '\x2a', '\x4d', '\x18' };

	return bytes.size >= sizeof magic &&
	       (memcmp(bytes.data, magic, sizeof magic) == 0 ||
		((bytes.data[0] & 0xf0) == 0x50 &&
		 memcmp(bytes.data + 1, skippable, sizeof skippable) == 0));
}

static int load(struct zstd *zstd)
{
	const struct library_symbol symbols[] = {
#define SYMBOL(name) { "ZSTD_" #name, (void *)&zstd->name },
		FUNCTIONS(SYMBOL)
#undef SYMBOL
	};
	const struct library library = { "libzstd.so.1", "libzstd1", symbols,
					 sizeof symbols / sizeof symbols[0] };

	return library_open(&library, zstd->report, &zstd->library);
}

int zstd_new(struct report *report, struct zstd **ret_zstd)
{
	struct zstd *zstd = mem_new(1, sizeof *zstd);
	int rc = HF_OK;

	if (zstd == NULL)
		return HF_ERR_NOMEM;
	zstd->report = report;
	rc = load(zstd);
	if (rc == HF_OK) {
		zstd->stream = zstd->createDStream();
		rc = zstd->stream != NULL ? HF_OK : HF_ERR_NOMEM;
	}
	if (rc == HF_OK && zstd->isError(zstd->DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax,
								  ZSTD_WINDOW_LOG_MAX)))
		rc = report_fail(report, HF_ERR_LIBRARY, "zstd",
				 "libzstd.so.1 knows no limit of the window (package libzstd1)");
	if (rc == HF_OK)
		*ret_zstd = zstd;
	else
		zstd_free(zstd);
	return rc;
}

void zstd_free(struct zstd *zstd)
{
	if (zstd == NULL)
		return;
	if (zstd->stream != NULL)
		(void)zstd->freeDStream(zstd->stream);
	library_close(zstd->library);
	mem_free(zstd);
}

void zstd_reset(struct zstd *zstd)
{
	(void)zstd->DCtx_reset(zstd->stream, ZSTD_reset_session_only);
	zstd->taken = 0;
	zstd->given = 0;
	zstd->is_inside = false;
	zstd->is_failed = false;
}

static int64_t refuse(struct zstd *zstd, const char *why)
{
	zstd->is_failed = true;
	return report_fail(zstd->report, HF_ERR_FOREIGN, "zstd", "%s at byte %llu", why,
			   (unsigned long long)zstd->taken);
}

int64_t zstd_decode(struct zstd *zstd, struct hf_slice input, size_t *used, char *bytes,
		    size_t size)
{
	ZSTD_inBuffer in = { input.data, input.size, *used };
	ZSTD_outBuffer out = { bytes, size, 0 };
	size_t result = 0;

	if (zstd->is_failed)
		return HF_ERR_FOREIGN;
	/* Between frames no input means that there is nothing to do, not that one begins. */
	if (in.pos == in.size && !zstd->is_inside)
		return 0;
	do {
		size_t before = in.pos;

		result = zstd->decompressStream(zstd->stream, &out, &in);
		zstd->taken += in.pos - before;
		if (zstd->isError(result))
			return refuse(zstd, zstd->getErrorName(result));
		zstd->is_inside = result != 0;
	} while (out.pos == 0 && in.pos < in.size);
	*used = in.pos;
	zstd->given += out.pos;
	if (zstd->given > ZSTD_FREE_MAX && zstd->given / ZSTD_RATIO_MAX > zstd->taken)
		return refuse(zstd, "grows beyond measure");
	return (int64_t)out.pos;
}

bool zstd_is_inside(const struct zstd *zstd)
{
	return zstd->is_inside;
}
