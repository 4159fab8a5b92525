/* SPDX-License-Identifier: MIT */
/*
 * How fast json_compact is, in MB/s (10^6 bytes of input a second): for chat records of
 * about 600 bytes in several styles and for one string of 16 MiB, with SSE2 and with the
 * plain twin of run.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "json/scan.h"

/* The scanner once more, on the plain twin and under other names. */
int bench_scan_plain(const char *bytes, size_t size, struct json_fault *fault);
int bench_scan_lax_plain(const char *bytes, size_t size, struct json_fault *fault);
int bench_compact_plain(const char *bytes, size_t size, struct buffer *out,
			struct json_fault *fault);
#define JSON_PLAIN
#define json_scan bench_scan_plain
#define json_scan_lax bench_scan_lax_plain
#define json_compact bench_compact_plain
#include "json/scan.c"
#undef json_scan
#undef json_scan_lax
#undef json_compact

enum {
	RECORDS = 512, /* together they stay in the second-level cache */
	RECORD_TEXT = 400,
	ROUNDS = 101,
	BIG_ROUNDS = 11,
	BIG_SIZE = 16 << 20,
	OUTPUT_MAX = 64 << 20,
};

struct input {
	struct buffer bytes;
	size_t ends[RECORDS];
	size_t count;
};

typedef int (*compact_fn)(const char *bytes, size_t size, struct buffer *out,
			  struct json_fault *fault);

static void must(int rc)
{
	bench_must(rc, NULL);
}

static const char *const english[] = {
	"the",
	"function",
	"returns",
	"a",
	"pointer",
	"to",
	"first",
	"byte",
	"that",
	"is",
	"not",
	"plain,",
	"and",
	"we",
	"should",
	"check",
	"its",
	"length.",
	"I'll",
	"fix",
	"this",
	"in",
	"`scan.c`",
	"now:",
	"tests",
	"pass",
	"\\n",
	"\\n\\n- ",
	"\\\"quoted\\\"",
	"if",
	"(size",
	">",
	"0)",
	"return;",
	"src/json/scan.c:42",
	"\\t",
	"done.",
	"Let me",
};
static const char *const european[] = {
	"größer", "naïve",   "déjà", "über", "the",   "and", "—",    "“quoted”",
	"l’été",  "čeština", "\\n",  "code", "señor", "is",  "fine", "…",
};
static const char *const chinese[] = {
	"函数返回指针", "我们应该检查长度", "，", "。", "测试通过", "\\n", "scan.c", "错误",
};

struct style {
	const char *name;
	const char *const *words;
	size_t word_count;
	const char *colon; /* with the white space behind it */
	const char *comma;
};

static const struct style styles[] = {
	{ "chat, English", english, sizeof english / sizeof *english, ":", "," },
	{ "chat, English, spaced", english, sizeof english / sizeof *english, ": ", ", " },
	{ "chat, European", european, sizeof european / sizeof *european, ":", "," },
	{ "chat, Chinese", chinese, sizeof chinese / sizeof *chinese, ":", "," },
};

static void put_member(struct buffer *out, const struct style *style, const char *name,
		       const char *value)
{
	if (out->data[out->size - 1] != '{')
		must(buffer_put_text(out, style->comma));
	must(buffer_put_text(out, "\""));
	must(buffer_put_text(out, name));
	must(buffer_put_text(out, "\""));
	must(buffer_put_text(out, style->colon));
	must(buffer_put_text(out, value));
}

/* The shape of a message as agents write it: 11 names, 3 containers, one long text. */
static void put_record(struct buffer *out, const struct style *style, uint32_t *random)
{
	size_t end;

	must(buffer_put_text(out, "{"));
	put_member(out, style, "id", "\"msg_01XFDUDYJgAACzvnptvVoYEL\"");
	put_member(out, style, "type", "\"message\"");
	put_member(out, style, "role", "\"assistant\"");
	put_member(out, style, "model", "\"some-model-2026-10-01\"");
	put_member(out, style, "content", "[{");
	put_member(out, style, "type", "\"text\"");
	put_member(out, style, "text", "\"");
	end = out->size + RECORD_TEXT;
	while (out->size < end) {
		must(buffer_put_text(out, style->words[bench_random(random) % style->word_count]));
		must(buffer_put_text(out, " "));
	}
	must(buffer_put_text(out, "\"}]"));
	put_member(out, style, "usage", "{");
	put_member(out, style, "input_tokens", "2095");
	put_member(out, style, "output_tokens", "503");
	must(buffer_put_text(out, "}"));
	put_member(out, style, "stop_reason", "null");
	must(buffer_put_text(out, "}"));
}

static void make_records(struct input *input, const struct style *style)
{
	uint32_t random = 1;

	input->bytes.size = 0;
	for (input->count = 0; input->count < RECORDS; input->count++) {
		put_record(&input->bytes, style, &random);
		input->ends[input->count] = input->bytes.size;
	}
}

static void make_string(struct input *input)
{
	uint32_t random = 1;

	input->bytes.size = 0;
	must(buffer_put_text(&input->bytes, "\""));
	while (input->bytes.size < BIG_SIZE) {
		must(buffer_put_text(&input->bytes, "one line of some program's output, 72 "));
		for (uint32_t i = 0; i < bench_random(&random) % 10; i++)
			must(buffer_put_text(&input->bytes, "words and "));
		must(buffer_put_text(&input->bytes, "columns wide\\n"));
	}
	must(buffer_put_text(&input->bytes, "\""));
	input->ends[0] = input->bytes.size;
	input->count = 1;
}

static double round_mb_per_s(const struct input *input, compact_fn compact, struct buffer *out)
{
	int64_t from = bench_now_ns();
	size_t start = 0;

	for (size_t i = 0; i < input->count; i++) {
		out->size = 0;
		must(compact(input->bytes.data + start, input->ends[i] - start, out, NULL));
		start = input->ends[i];
	}
	return (double)input->bytes.size * 1e3 / (double)(bench_now_ns() - from);
}

static void measure(const struct bench *bench, const char *name, const struct input *input,
		    size_t rounds)
{
	struct bench_values fast = { .count = 0 }, plain = { .count = 0 };
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	char text[128];

	for (size_t i = bench_rounds(bench, rounds); i > 0; i--) {
		bench_add(&fast, round_mb_per_s(input, json_compact, &out));
		bench_add(&plain, round_mb_per_s(input, bench_compact_plain, &out));
	}
	(void)snprintf(text, sizeof text, "check JSON, %s / without SSE2", name);
	bench_report(bench, &(struct bench_row){ text, "MB/s", &fast, &plain, BENCH_NO_GOAL, 0 });
	buffer_release(&out);
}

int main(int argc, char **argv)
{
	static struct input input = { .bytes = BUFFER_INIT(OUTPUT_MAX) };
	struct bench bench;

	bench_begin(&bench, argc, argv);
	for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
		make_records(&input, &styles[i]);
		measure(&bench, styles[i].name, &input, ROUNDS);
	}
	make_string(&input);
	measure(&bench, "a string of 16 MiB", &input, BIG_ROUNDS);
	buffer_release(&input.bytes);
	return bench_end(&bench);
}
