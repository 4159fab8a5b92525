/* SPDX-License-Identifier: MIT */
/*
 * Goal: what was said stays in its quotation or fence, whatever it is, and reads as it was
 * meant. Method: texts with what they must become, written by hand; and whole documents of
 * hostile sessions read by md4c with raw HTML allowed, which must find none but ours, no
 * heading but ours outside quotations, and no picture that is fetched.
 */
#include <dlfcn.h>
#include <md4c.h>

#include "interop/quote.h"
#include "lib/runner.h"
#include "render_fixture.h"

/* ---- Quoting ---- */

static const struct quote_case {
	const char *text;
	const char *quoted;
} quote_cases[] = {
	{ "", "" },
	{ " \n\t\n", "" },
	{ "a", "> a\n\n" },
	{ "a\n\nb\n\n", "> a\n>\n> b\n\n" },
	{ "# a\n\n---", "> # a\n>\n> ---\n\n" },
	{ "a < b <- c <1>", "> a < b <- c <1>\n\n" },
	{ "<b> </b> <!-- <? <B", "> &lt;b> &lt;/b> &lt;!-- &lt;? &lt;B\n\n" },
	{ "\\<b>", "> \\&lt;b>\n\n" },
	{ "see <https://x.example/a?b> <https://x y>",
	  "> see <https://x.example/a?b> &lt;https://x y>\n\n" },
	{ "![a](b) !a \\![a](b)", "> &#33;[a](b) !a \\&#33;[a](b)\n\n" },
	/* Code keeps its bytes where all readers agree that it is code. */
	{ "`<b>` ``a ` <b>`` ` <b>", "> `<b>` ``a ` <b>`` ` &lt;b>\n\n" },
	{ "` a\n` <b> `", "> ` a\n> ` &lt;b> `\n\n" },
	{ "` a\n\n` <b> `", "> ` a\n>\n> ` <b> `\n\n" },
	{ "\\` `<b>` \\\\`<b>`", "> \\` `<b>` \\\\`<b>`\n\n" },
	{ "\\`<b>`", "> \\`&lt;b>`\n\n" },
	{ "| `a | <b> ` |", "> | `a | &lt;b> ` |\n\n" },
	{ "```c\n<b>\n```\n<b>", "> ```c\n> <b>\n> ```\n> &lt;b>\n\n" },
	{ "~~~ a`b\n<b>\n```\n<b>\n~~~~ \n<b>",
	  "> ~~~ a`b\n> <b>\n> ```\n> <b>\n> ~~~~ \n> &lt;b>\n\n" },
	{ "````\n```\n<b>\n````\n<b>", "> ````\n> ```\n> <b>\n> ````\n> &lt;b>\n\n" },
	{ "``` a`b\n<b>", "> ``` a`b\n> &lt;b>\n\n" },
	{ "1. a\n   ```\n   <b>\n   ```\n   <b>",
	  "> 1. a\n>    ```\n>    <b>\n>    ```\n>    &lt;b>\n\n" },
	/* The item ends, and its fence with it, or neither does. */
	{ "- a\n  ```\nx <b>\n  ```\n```\n<b>",
	  "> - a\n>   ```\n> x &lt;b>\n>   ```\n> ```\n> &lt;b>\n\n" },
	{ "- ```\n```\n<b>\n```", "> - ```\n> ```\n> &lt;b>\n> ```\n\n" },
	{ "    ```\n    <b>\n    ```\n\n`<b>`", ">     ```\n>     &lt;b>\n>     ```\n>\n> `<b>`\n\n" },
	{ "b\n     ```\n     ```\n```\n<b>", "> b\n>      ```\n>      ```\n> ```\n> &lt;b>\n\n" },
	{ "a ` b\n     ```\n     ```\n` <b> `", "> a ` b\n>      ```\n>      ```\n> ` &lt;b> `\n\n" },
	{ "```\nnever closed\n## 2. User", "> ```\n> never closed\n> ## 2. User\n\n" },
	/* Not all readers let a fence end a table. */
	{ "|a\n|-\n```\n<b>", "> |a\n> |-\n>\n> ```\n> <b>\n\n" },
	{ "a\n```\n|\n```\n```\n<b>", "> a\n> ```\n> |\n> ```\n> ```\n> <b>\n\n" },
	{ "```\n\t```\n\t<b>", "> ```\n>     ```\n> \t<b>\n\n" },
	{ "1.\n   ```\n\t<b>", "> 1.\n>    ```\n>     <b>\n\n" },
	{ "a\n\tb", "> a\n>     b\n\n" },
	{ "a\x07 \xe2\x80\xae z", "> a\xe2\x90\x87 \xe2\x80\xb9U+202E\xe2\x80\xba z\n\n" },
	{ "\xc3\xa9 \xf0\x9f\x9a\x80", "> \xc3\xa9 \xf0\x9f\x9a\x80\n\n" },
};

START_TEST(a_text_is_quoted)
{
	const struct quote_case *c = &quote_cases[_i];
	struct buffer out = BUFFER_INIT(1 << 16);
	struct hf_slice text = { c->text, strlen(c->text) };

	ck_assert_int_eq(quote_text(text, &out), HF_OK);
	ck_assert_uint_eq(out.size, strlen(c->quoted));
	ck_assert_msg(out.size == 0 || memcmp(out.data, c->quoted, out.size) == 0, "%.*s instead of %s",
		      (int)out.size, out.data, c->quoted);
	buffer_release(&out);
}
END_TEST

START_TEST(a_fence_is_longer_than_any_run_in_it)
{
	static const char *const cases[][2] = {
		{ "a", "```x\na\n```\n\n" },
		{ "a\n", "```x\na\n```\n\n" },
		{ "", "```x\n```\n\n" },
		{ "``", "```x\n``\n```\n\n" },
		{ "```\n<b>\n````", "`````x\n```\n<b>\n````\n`````\n\n" },
		{ "\x1b[0m", "```x\n\xe2\x90\x9b[0m\n```\n\n" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer out = BUFFER_INIT(1 << 16);
		struct hf_slice text = { cases[i][0], strlen(cases[i][0]) };

		ck_assert_int_eq(quote_code(text, "x", &out), HF_OK);
		ck_assert_int_eq(buffer_put(&out, "", 1), HF_OK);
		ck_assert_str_eq(out.data, cases[i][1]);
		buffer_release(&out);
	}
}
END_TEST

START_TEST(a_line_has_nothing_of_a_meaning)
{
	static const struct hf_slice text = { "a\n<b> *c* [d](e) `f` | & \"g\"", 28 };
	struct buffer out = BUFFER_INIT(1 << 16);

	ck_assert_int_eq(quote_line(text, &out), HF_OK);
	ck_assert_int_eq(buffer_put(&out, "", 1), HF_OK);
	ck_assert_str_eq(out.data,
			 "a &lt;b&gt; \\*c\\* &#91;d&#93;(e) &#96;f&#96; &#124; &amp; &quot;g&quot;");
	buffer_release(&out);
}
END_TEST

/* ---- Whole documents ---- */

struct reading {
	unsigned quotes;   /* quotations that are open */
	unsigned headings; /* outside of these, by level */
	unsigned messages;
	char html[200];    /* of the current line of raw HTML */
};

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
	struct reading *reading = context;

	reading->quotes += type == MD_BLOCK_QUOTE;
	if (type == MD_BLOCK_H && reading->quotes == 0) {
		unsigned level = ((MD_BLOCK_H_DETAIL *)detail)->level;

		ck_assert_uint_le(level, 2);
		reading->headings += level == 1;
		reading->messages += level == 2;
	}
	return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
	struct reading *reading = context;

	(void)detail;
	reading->quotes -= type == MD_BLOCK_QUOTE;
	return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context)
{
	(void)context;
	if (type == MD_SPAN_IMG) {
		const MD_ATTRIBUTE *src = &((MD_SPAN_IMG_DETAIL *)detail)->src;

		ck_assert_msg(src->size > 22 && memcmp(src->text, "data:image/gif;base64,", 22) == 0,
			      "a picture: %.*s", (int)src->size, src->text);
	}
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context)
{
	(void)type, (void)detail, (void)context;
	return 0;
}

/* Whether raw HTML is a line of ours: no tag in it but these. */
static bool is_ours(const char *html, size_t size)
{
	static const char *const tags[] = { "<details>", "</details>", "<summary>", "</summary>",
					    "<b>", "</b>", "<code>", "</code>" };

	for (const char *at = html; (at = memchr(at, '<', size - (size_t)(at - html))) != NULL; at++) {
		bool is_known = false;

		for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
			is_known |= strncmp(at, tags[i], strlen(tags[i])) == 0;
		if (!is_known)
			return false;
	}
	return true;
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
	struct reading *reading = context;

	if (type == MD_TEXT_HTML) {
		ck_assert_msg(reading->quotes == 0 && is_ours(text, size), "raw HTML: %.*s", (int)size,
			      text);
	}
	return 0;
}

/* Reads a document as a viewer would that lets raw HTML through. */
static struct reading read_document(const struct rendered *document)
{
	const MD_PARSER parser = { .flags = MD_DIALECT_GITHUB, .enter_block = enter_block,
				   .leave_block = leave_block, .enter_span = enter_span,
				   .leave_span = leave_span, .text = take_text };
	struct reading reading = { 0 };
	void *library = dlopen("libmd4c.so.0", RTLD_NOW);
	__typeof__(&md_parse) parse = NULL;
	void *symbol;

	ck_assert_ptr_nonnull(library);
	symbol = dlsym(library, "md_parse");
	memcpy(&parse, &symbol, sizeof parse);
	ck_assert_int_eq(parse(document->text, (MD_SIZE)document->size, &parser, &reading), 0);
	(void)dlclose(library);
	return reading;
}

START_TEST(a_hostile_transcript_stays_in_its_place)
{
	struct fixture f;
	struct rendered document;
	struct reading reading;

	fixture_open(&f);
	session_of_file(&f, "hostile/session.jsonl",
			"x\n## 9. User <script>window.__pwned=1</script> ![a](https://evil.example/)",
			"/tmp/<script>|`window.__pwned=1`</script>");
	document = rendered_as(&f, "markdown", false);
	reading = read_document(&document);
	ck_assert_uint_eq(reading.headings, 1);
	ck_assert_uint_eq(reading.messages, 14); /* lines of the file */
	rendered_free(&document);
	fixture_close(&f);
}
END_TEST

START_TEST(a_document_shows_what_was_said)
{
	struct fixture f;
	struct rendered document;
	struct reading reading;

	fixture_open(&f);
	begin_session(&f, "a *session*", "/a/project");
	say(&f, "{\"role\":\"user\",\"content\":\"Why?\",\"time\":\"2026-11-22T23:35:32Z\"}");
	say(&f, "{\"role\":\"assistant\",\"model\":\"m_1\",\"content\":["
		"{\"type\":\"thinking\",\"thinking\":\"Hm\"},"
		"{\"type\":\"text\",\"text\":\"Look:\\n\\n```\\n<b>\"},"
		"{\"type\":\"tool_call\",\"id\":\"1\",\"name\":\"Bash\","
		"\"arguments\":{\"command\":\"a\\nb\",\"n\":[1,{}]}}],\"time\":\"2026-11-22T23:35:33Z\"}");
	say(&f, "{\"role\":\"tool\",\"content\":["
		"{\"type\":\"tool_result\",\"id\":\"1\",\"name\":\"Bash\",\"content\":"
		"\"```\\r\\nout\",\"is_error\":true}],\"time\":\"2026-11-22T23:35:34Z\"}");
	leave(&f, HF_CLOSE_SEAL);
	document = rendered_as(&f, "markdown", false);
	ck_assert_int_eq(strncmp(document.text, "# a \\*session\\*\n\n| | |\n|---|---|\n", 33), 0);
	must_hold(&document, "| Project | /a/project |\n");
	must_hold(&document, "| Verdict | **intact** Every record is signed");
	must_hold(&document, "## 1. User, 2026-11-22 23:35:32 UTC\n\n> Why?\n\n## 2. Assistant, "
			     "2026-11-22 23:35:33 UTC, m\\_1\n\n<details>\n"
			     "<summary>Thinking</summary>\n\n> Hm\n\n"
			     "</details>\n\n> Look:\n>\n> ```\n> <b>\n\n<details>\n<summary>Tool <b>Bash</b> "
			     "<code>a\xe2\x80\xa6</code></summary>\n\n```json\n{\n  \"command\": \"a\\nb\",\n"
			     "  \"n\": [\n    1,\n    {}\n  ]\n}\n```\n\n</details>\n\n## 3. Tool, 2026-11-22 "
			     "23:35:34 UTC\n\n<details>\n<summary>Result (error) <b>Bash</b></summary>\n\n"
			     "````\n```\nout\n````\n\n</details>\n\n");
	reading = read_document(&document);
	ck_assert_uint_eq(reading.messages, 3);
	ck_assert_str_eq(document.done.name, ID_1 ".md");
	rendered_free(&document);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_markdown");
	TCase *cases = runner_cases(suite, "documents", 60);

	tcase_add_loop_test(cases, a_text_is_quoted, 0,
			    (int)(sizeof quote_cases / sizeof quote_cases[0]));
	tcase_add_test(cases, a_fence_is_longer_than_any_run_in_it);
	tcase_add_test(cases, a_line_has_nothing_of_a_meaning);
	tcase_add_test(cases, a_hostile_transcript_stays_in_its_place);
	tcase_add_test(cases, a_document_shows_what_was_said);
	return runner_run_in_memory(suite);
}
