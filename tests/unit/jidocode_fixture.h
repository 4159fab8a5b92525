/* SPDX-License-Identifier: MIT */
/* Files of JidoCode (tests/data/jidocode) for several test programs: reads one as an import
 * does, with its check and its pieces. */
#ifndef JIDOCODE_FIXTURE_H
#define JIDOCODE_FIXTURE_H

#include "reader_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "interop/import.h"

#define SALT "jido_code_session_v1"
#define SALT_2025 "jido_code_session_v1_2025"
#define ONE "1_empty.11111111-1111-4111-8111-111111111111.json"
#define TWO "2_unicode.22222222-2222-4222-8222-222222222222.json"
#define THREE "3_numbers.33333333-3333-4333-8333-333333333333.json"
#define FOUR "4_nested.44444444-4444-4444-9444-444444444444.json"
#define SIX "6_roles_todos.66666666-6666-4666-b666-666666666666.json"
#define SEVEN "7_maps_over_32_keys.77777777-7777-4777-8777-777777777777.json"
#define ID_6 ".66666666-6666-4666-b666-666666666666.json"
#define ID_3 ".33333333-3333-4333-8333-333333333333.json"

/* ---- One file, read as an import does ------------------------------------------- */

struct judged {
	char secret[1024];
	struct hf_import_options options;
	struct report report;
	struct import_env env;
	struct reading reading; /* its views and facts, if it was accepted */
	char *bytes;
	int rc;
};

static inline void source_make(struct judged *source, const char *secret)
{
	memset(source, 0, sizeof *source);
	data_path(source->secret, sizeof source->secret, "jidocode", secret);
	source->options = (struct hf_import_options){ .secret_path = source->secret, .host = "vm" };
	source->report = report_make(NULL, NULL);
	source->env = (struct import_env){ .sys = sys_posix(),
					   .report = &source->report,
					   .options = &source->options };
}

/* Checks a file, and if it is accepted reads its pieces. */
static inline void source_open(struct judged *source, const char *path)
{
	struct reading *reading = &source->reading;
	size_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s", path);
	*reading = (struct reading){ .env = &source->env, .reader = format_jidocode.reader };
	reading->writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
						   .take = take_view,
						   .context = reading };
	ck_assert_int_eq(reading->reader->begin(&source->env, path, &reading->state), HF_OK);
	source->rc = reading->reader->check(reading->state, &source->env, fd);
	ck_assert_int_eq(close(fd), 0);
	source->bytes = slurp(path, &size);
	reading->bytes = source->bytes;
	reading->size = size;
	if (source->rc == HF_OK)
		ck_assert_int_eq(piece_document(give_bytes, reading, reading->reader->arrays,
						take_piece, reading),
				 HF_OK);
}

static inline void source_open_data(struct judged *source, const char *name)
{
	char path[1024];

	data_path(path, sizeof path, "jidocode", name);
	source_open(source, path);
}

static inline void source_close(struct judged *source)
{
	reading_close(&source->reading);
	free(source->bytes);
}

static inline int judge(const char *name, const char *salt, bool allow_unsigned)
{
	struct judged source;
	int rc;

	source_make(&source, "machine_secret");
	source.options.salt = salt;
	source.options.allow_unsigned = allow_unsigned;
	source_open_data(&source, name);
	rc = source.rc;
	/* Whoever refuses says why. */
	ck_assert_msg(rc == HF_OK || source.report.detail.message[0] != '\0', "%s", name);
	if (rc == HF_OK)
		ck_assert_int_eq(reading_facts(&source.reading).is_unsigned,
				 allow_unsigned && judge(name, salt, false) == HF_ERR_UNSIGNED);
	source_close(&source);
	return rc;
}

#endif
