/* SPDX-License-Identifier: MIT */
/*
 * How fast json_compact is, in MB/s (10^6 bytes of input a second): for chat records of
 * about 600 bytes in several styles and for one string of 16 MiB, with SSE2 and with the
 * plain twin of run.h. Medians of many rounds. No arguments.
 *
 * Build: cc -O2 -Isrc -Iinclude bench/bench_json.c src/json/[a-z]*.c src/base/[a-z]*.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "holdfast.h"
#include "json/scan.h"

/* The scanner once more, on the plain twin and under other names. */
int bench_scan_plain(const char *bytes, size_t size, struct json_fault *fault);
int bench_compact_plain(const char *bytes, size_t size, struct buffer *out,
			struct json_fault *fault);
#define JSON_PLAIN
#define json_scan bench_scan_plain
#define json_compact bench_compact_plain
#include "json/scan.c"
#undef json_scan
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
	if (rc != HF_OK) {
		(void)fprintf(stderr, "bench_json: %s\n", hf_error_text(rc));
		exit(1);
	}
}

/* A generator of our own, so that every run measures the same bytes. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
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
		must(buffer_put_text(out, style->words[next_random(random) % style->word_count]));
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
		for (uint32_t i = 0; i < next_random(&random) % 10; i++)
			must(buffer_put_text(&input->bytes, "words and "));
		must(buffer_put_text(&input->bytes, "columns wide\\n"));
	}
	must(buffer_put_text(&input->bytes, "\""));
	input->ends[0] = input->bytes.size;
	input->count = 1;
}

static double now_s(void)
{
	struct timespec time = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double round_mb_per_s(const struct input *input, compact_fn compact, struct buffer *out)
{
	double from = now_s();
	size_t start = 0;

	for (size_t i = 0; i < input->count; i++) {
		out->size = 0;
		must(compact(input->bytes.data + start, input->ends[i] - start, out, NULL));
		start = input->ends[i];
	}
	return (double)input->bytes.size / (now_s() - from) * 1e-6;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The twins take turns, so that what else the machine does strikes both. */
static void measure(const char *name, const struct input *input, size_t rounds)
{
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	double fast[ROUNDS];
	double plain[ROUNDS];

	for (size_t i = 0; i < rounds; i++) {
		fast[i] = round_mb_per_s(input, json_compact, &out);
		plain[i] = round_mb_per_s(input, bench_compact_plain, &out);
	}
	qsort(fast, rounds, sizeof *fast, compare_doubles);
	qsort(plain, rounds, sizeof *plain, compare_doubles);
	(void)printf("%-24s %8zu %9.0f %9.0f %7.2f\n", name, input->bytes.size / input->count,
		     fast[rounds / 2], plain[rounds / 2], fast[rounds / 2] / plain[rounds / 2]);
	buffer_release(&out);
}

int main(void)
{
	static struct input input = { .bytes = BUFFER_INIT(OUTPUT_MAX) };

	(void)printf("%-24s %8s %9s %9s %7s\n", "input", "bytes", "SSE2 MB/s", "plain", "ratio");
	for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
		make_records(&input, &styles[i]);
		measure(styles[i].name, &input, ROUNDS);
	}
	make_string(&input);
	measure("one string", &input, BIG_ROUNDS);
	buffer_release(&input.bytes);
	return 0;
}
