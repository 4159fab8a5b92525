/* SPDX-License-Identifier: MIT */
/*
 * Goal: the page shows what was said, joined and in order, and nothing that was said becomes
 * markup. Method: sessions are exported by the public calls; pages are compared with what
 * must stand in them, and judged by html_judge.py, which is stricter than HTML and shares
 * nothing with the code under test.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "lib/alloc_fault.h"
#include "lib/runner.h"
#include "render_fixture.h"

#define CALL(id, name, arguments)                                                \
	"{\"type\":\"tool_call\",\"id\":\"" id "\",\"name\":\"" name "\",\"arguments\":" arguments "}"
#define GIF "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
#define SECRET "ghp_16C7e42F292c6912E7710c838347Ae178B4a"

/* Judges a page, which must pass. */
static void judge(struct fixture *f, const struct rendered *page)
{
	char file[400], program[400];
	int status = -1;
	pid_t pid;

	scratch_put(f->scratch.fd, "page.html", page->text, page->size);
	(void)snprintf(file, sizeof file, "%s/page.html", f->scratch.path);
	(void)snprintf(program, sizeof program, "%s/tests/unit/html_judge.py",
		       getenv("HOLDFAST_SOURCE"));
	pid = fork();
	if (pid == 0) {
		(void)execlp("python3", "python3", program, file, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "the judge's status is %d", status);
}

/* The page of a session of these messages, NULL at the end, judged. */
static struct rendered page_of(struct fixture *f, const char *const *messages)
{
	struct rendered page;

	begin_session(f, "a session", "/a/project");
	for (; *messages != NULL; messages++)
		say(f, *messages);
	leave(f, HF_CLOSE_SEAL);
	page = rendered_as(f, "html", false);
	judge(f, &page);
	return page;
}

START_TEST(a_hostile_transcript_becomes_no_markup)
{
	struct fixture f;
	struct rendered page;

	fixture_open(&f);
	session_of_file(&f, "hostile/session.jsonl",
			"</title><script>window.__pwned=1</script>\"><img src=x onerror=1>\xe2\x80\xae",
			"/tmp/<script>window.__pwned=1</script>");
	page = rendered_as(&f, "html", false);
	judge(&f, &page);
	ck_assert_uint_eq(count_of(&page, "<script>"), 1);
	/* Nothing was dropped either: the text is there, escaped. */
	must_hold(&page, "<p>&lt;script&gt;window.__pwned=1&lt;/script&gt;</p>");
	must_hold(&page, "&lt;/style&gt;&lt;style&gt;*{display:none}&lt;/style&gt;");
	must_hold(&page, "<dd>/tmp/&lt;script&gt;window.__pwned=1&lt;/script&gt;</dd>");
	/* Of all pictures the one that is one. */
	ck_assert_uint_eq(count_of(&page, "<img "), 1);
	must_hold(&page, "src=\"data:image/gif;base64," GIF "\"");
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

START_TEST(a_page_shows_roles_times_models_and_the_verdict)
{
	static const char *const messages[] = {
		"{\"role\":\"user\",\"content\":\"Why is the sky blue?\\nReally?\","
		"\"time\":\"2026-11-22T23:35:32.061Z\"}",
		"{\"role\":\"assistant\",\"model\":\"big-model\",\"content\":[{\"type\":\"thinking\","
		"\"thinking\":\"Hm, *light*.\"},{\"type\":\"text\",\"text\":\"It **scatters**.\"}],"
		"\"time\":\"2026-11-22T23:35:40Z\"}",
		"{\"role\":\"assistant\",\"content\":\"The service failed\",\"error\":true}",
		NULL,
	};
	struct fixture f;
	struct rendered page;

	fixture_open(&f);
	page = page_of(&f, messages);
	must_hold(&page, "<title>a session</title>");
	must_hold(&page, "<h2>User</h2>");
	must_hold(&page, "<time datetime=\"2026-11-22T23:35:32Z\" title=\"2026-11-22 23:35:32 UTC\">"
			 "2026-11-22 23:35:32</time>");
	/* What a person typed keeps its lines. */
	must_hold(&page, "<p>Why is the sky blue?<br>\nReally?</p>");
	must_hold(&page, "<span class=\"model\">big-model</span>");
	must_hold(&page, "<details class=\"thinking\"><summary>");
	must_hold(&page, "<p>Hm, <em>light</em>.</p>");
	must_hold(&page, "<p>It <strong>scatters</strong>.</p>");
	must_hold(&page, "<div class=\"message failed\" id=\"m2\">");
	must_hold(&page, "<strong class=\"verdict good\">intact</strong>");
	must_hold(&page, "<dt>Key id</dt>");
	must_hold(&page, "<dt>Messages</dt><dd>3, 1 of them a prompt</dd>");
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_that_was_altered_says_so)
{
	struct fixture f;
	struct rendered page;
	char *log, *at;
	size_t size;

	fixture_open(&f);
	begin_session(&f, "x", "/a");
	say(&f, "{\"role\":\"user\",\"content\":\"first\"}");
	say(&f, "{\"role\":\"user\",\"content\":\"second\"}");
	leave(&f, HF_CLOSE_SEAL);
	log = scratch_get(f.scratch.fd, "store/sessions/" ID_1 ".jsonl", &size);
	at = strstr(log, "second");
	ck_assert_ptr_nonnull(at);
	scratch_flip(f.scratch.fd, "store/sessions/" ID_1 ".jsonl", (uint64_t)(at - log), 1);
	free(log);
	page = rendered_as(&f, "html", false);
	judge(&f, &page);
	must_hold(&page, "<strong class=\"verdict bad\">tampered</strong>");
	must_hold(&page, "<p>first</p>");
	must_not_hold(&page, "econd");
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

/* Texts that must come in this order, NULL at the end. */
static void must_follow(const struct rendered *page, const char *const *texts)
{
	const char *at = page->text;

	for (; *texts != NULL; texts++) {
		const char *found = strstr(at, *texts);

		ck_assert_msg(found != NULL, "not here, or not in its place: %s", *texts);
		at = found + strlen(*texts);
	}
}

START_TEST(calls_stand_with_their_results)
{
	static const char *const messages[] = {
		"{\"role\":\"assistant\",\"content\":["
		CALL("1", "Bash", "{\"command\":\"ls\"}") ","
		CALL("2", "Read", "{\"path\":\"/x\"}") "]}",
		"{\"role\":\"tool\",\"content\":["
		"{\"type\":\"tool_result\",\"id\":\"2\",\"content\":\"no such file\",\"is_error\":true},"
		"{\"type\":\"tool_result\",\"id\":\"1\",\"content\":\"a b c\"}]}",
		/* The same id again: the result that comes after it is its own. */
		"{\"role\":\"assistant\",\"content\":["
		CALL("1", "Again", "{}") "]}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"1\",\"content\":"
		"\"other output\"},{\"type\":\"tool_result\",\"id\":\"9\",\"content\":\"of nobody\"}]}",
		"{\"role\":\"assistant\",\"content\":["
		CALL("1", "Last", "{}") "]}",
		NULL,
	};
	static const char *const order[] = {
		"<details class=\"tool\">", "Bash", "<code class=\"brief\">ls</code>", "a b c",
		"</details>",
		"<details class=\"tool bad\">", "Read", "<span class=\"state\">error</span>",
		"no such file", "</details>", "Again", "other output", "</details>",
		"<h2>Tool</h2>", "of nobody", "</details>", "Last", "no result", NULL,
	};
	struct fixture f;
	struct rendered page;

	fixture_open(&f);
	page = page_of(&f, messages);
	must_follow(&page, order);
	ck_assert_uint_eq(count_of(&page, "a b c"), 1);
	ck_assert_uint_eq(count_of(&page, "<h2>Tool</h2>"), 1);
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

/* Markdown (as JSON) of an assistant and what it becomes, or what it must not. */
static const struct rendering_case {
	const char *json;
	const char *html;
} rendering_cases[] = {
	{ "# A\\n\\n###### B", "<h3>A</h3>\n<h6>B</h6>\n" },
	{ "1. a\\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n" },
	{ "7. a", "<ol start=\"7\">\n<li>a</li>\n" },
	{ "- [x] a\\n- [ ] b",
	  "<li class=\"task\">\xe2\x98\x91 a</li>\n<li class=\"task\">\xe2\x98\x90 b</li>" },
	{ "|a|b|\\n|:-:|--:|\\n|c|d|", "<th class=\"center\">a</th><th class=\"right\">b</th></tr>" },
	{ "~~a~~ *b* **c** `d<e`", "<del>a</del> <em>b</em> <strong>c</strong> <code>d&lt;e</code>" },
	{ "```py\\na<b\\n```",
	  "<span>py</span><button type=\"button\" class=\"copy\" hidden>Copy</button></div>"
	  "<pre tabindex=\"0\">a&lt;b\n</pre></div>" },
	{ "```diff\\n+a\\n-b\\n c\\n```", "<ins>+a</ins>\n<del>-b</del>\n c\n</pre>" },
	{ "[a](https://x.example/?b=1&c=\\u00e9)",
	  "href=\"https://x.example/?b=1&amp;c=%C3%A9\">a</a>" },
	{ "[a](HTTPS://x.example)", "href=\"HTTPS://x.example\">a</a>" },
	{ "[a](javascript:b)", "<span class=\"ref\" title=\"javascript:b\">a</span>" },
	{ "[a](&#106;avascript:b)", "<span class=\"ref\" title=\"javascript:b\">a</span>" },
	{ "[a](javascript&colon;b)", "<span class=\"ref\" title=\"javascript&amp;colon;b\">a</span>" },
	{ "[a](b/c.md)", "<span class=\"ref\" title=\"b/c.md\">a</span>" },
	{ "![a](https://x.example/p.png)", "href=\"https://x.example/p.png\"><span class=\"picture\">"
					    "Image</span> a</a>" },
	{ "[![a](https://x.example/p)](https://x.example/q)",
	  "href=\"https://x.example/q\"><span class=\"ref\" title=\"https://x.example/p\">"
	  "<span class=\"picture\">Image</span> a</span></a>" },
	{ "&copy; &lt;b&gt; &#60; &nosuch;", "&copy; &lt;b&gt; &lt; &nosuch;" },
	{ "&#x202e; &lrm;", "<b class=\"mark\">U+202E</b> &amp;lrm;" },
	{ "a\\u0000b\\u0007",
	  "a<b class=\"mark\">\xe2\x90\x80</b>b<b class=\"mark\">\xe2\x90\x87</b>" },
	{ "\\u001b[1mbold", "<i class=\"esc\">\xe2\x90\x9b[1m</i>bold" },
	{ "\\ud83d|", "\xef\xbf\xbd|" },
	{ "see (https://x.example/a_b_(c)?d=e&f), or https://y.example.",
	  "see (<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" "
	  "href=\"https://x.example/a_b_(c)?d=e&amp;f\">https://x.example/a_b_(c)?d=e&amp;f</a>), "
	  "or <a " },
	{ "`https://x.example` xhttps://y.example https:// http://.",
	  "<p><code>https://x.example</code> xhttps://y.example https:// http://.</p>" },
	{ "[https://x.example](https://y.example)",
	  "href=\"https://y.example\">https://x.example</a>" },
	{ "<b>a</b>\\n\\n<div>\\n\\nb", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n<p>&lt;div&gt;</p>\n<p>b</p>" },
};

START_TEST(markdown_becomes_html)
{
	const struct rendering_case *c = &rendering_cases[_i];
	const char *messages[] = { NULL, NULL };
	struct fixture f;
	struct rendered page;
	char json[600];

	(void)snprintf(json, sizeof json, "{\"role\":\"assistant\",\"content\":\"%s\"}", c->json);
	messages[0] = json;
	fixture_open(&f);
	page = page_of(&f, messages);
	must_hold(&page, c->html);
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

/* A message of so many repetitions of a text. */
static char *repeated(const char *text, size_t count)
{
	static const char start[] = "{\"role\":\"assistant\",\"content\":\"";
	char *json = malloc(sizeof start + strlen(text) * count + 3);
	size_t used = sizeof start - 1;

	ck_assert_ptr_nonnull(json);
	memcpy(json, start, used);
	for (size_t i = 0; i < count; i++, used += strlen(text))
		memcpy(json + used, text, strlen(text));
	memcpy(json + used, "\"}", 3);
	return json;
}

START_TEST(what_md4c_cannot_take_in_good_time_is_shown_as_it_is)
{
	/* Nested too deep in one line; in several; too large; and a reference whose target would
	 * be repeated without end. */
	char *nested = repeated("> ", 100);
	char *emphasis = repeated("*a _b ", 200);
	char *large = repeated("0123456789abcdef ", 5000);
	char *messages[] = { nested, emphasis, large, NULL };
	struct fixture f;
	struct rendered page;

	fixture_open(&f);
	page = page_of(&f, (const char *const *)messages);
	must_hold(&page, "<div class=\"plain\">&gt; &gt; &gt; ");
	must_hold(&page, "<div class=\"plain\">0123456789abcdef 0123");
	rendered_free(&page);
	for (size_t i = 0; messages[i] != NULL; i++)
		free(messages[i]);
	fixture_close(&f);
}
END_TEST

START_TEST(a_reference_cannot_blow_a_page_up)
{
	static char json[70000];
	size_t used = (size_t)snprintf(json, sizeof json,
				       "{\"role\":\"assistant\",\"content\":\"[a]: ");
	struct fixture f;
	struct rendered page;

	while (used < 32000)
		json[used++] = 'b';
	memcpy(json + used, "\\n\\n", 4);
	used += 4;
	for (; used < 60000; used += 4)
		memcpy(json + used, "[a] ", 4);
	(void)snprintf(json + used, sizeof json - used, "\"}");
	fixture_open(&f);
	page = page_of(&f, (const char *const[]){ json, NULL });
	/* Rendered it would be 7,000 times 32,000 bytes. */
	must_hold(&page, "<div class=\"plain\">[a]: bbbb");
	ck_assert_uint_lt(page.size, 200000);
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

START_TEST(secrets_are_replaced_wherever_they_stand)
{
	static const char *const messages[] = {
		"{\"role\":\"user\",\"content\":\"use `" SECRET "` [x](https://h.example/" SECRET ")\"}",
		"{\"role\":\"assistant\",\"model\":\"" SECRET "\",\"content\":["
		"{\"type\":\"thinking\",\"thinking\":\"" SECRET "\"},"
		CALL("1", SECRET, "{\"command\":\"echo " SECRET "\",\"list\":[\"" SECRET "\"]}") ","
		"{\"type\":\"other\",\"value\":\"" SECRET "\"}]}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"1\",\"content\":"
		"\"ghp_16C7e42F292c6912E7710c83\\u00388347Ae178B4a " SECRET "\"}]}",
		"{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"name\":\"" SECRET "\","
		"\"url\":\"https://h.example/" SECRET "\"}]}",
	};
	static const char *const formats[] = { "html", "markdown" };
	struct fixture f;

	fixture_open(&f);
	begin_session(&f, "name " SECRET, "/project/" SECRET);
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		say(&f, messages[i]);
	leave(&f, HF_CLOSE_SEAL);
	for (size_t i = 0; i < 2; i++) {
		struct rendered with = rendered_as(&f, formats[i], false);
		struct rendered without = rendered_as(&f, formats[i], true);

		must_hold(&with, "16C7e42F292c6912E7710c838347Ae178B4a");
		must_not_hold(&without, "16C7e42F292c6912E7710c838347Ae178B4a");
		must_not_hold(&without, "2c6912E7710c83");
		must_hold(&without, "redacted:");
		ck_assert_uint_ge(without.done.redacted, 12);
		ck_assert_uint_eq(with.done.redacted, 0);
		rendered_free(&with);
		rendered_free(&without);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(a_write_that_fails_ends_the_export)
{
	static const char *const formats[] = { "html", "markdown" };
	struct fixture f;
	struct rendered page;

	fixture_open(&f);
	session_of_file(&f, "hostile/session.jsonl", "x", "/x");
	for (size_t i = 0; i < 2; i++) {
		for (size_t size = 1; size < 60000; size = size * 3 + 1) {
			int rc = render(&f, formats[i], false, size, &page);

			ck_assert_msg(rc == HF_ERR_NOSPACE || page.size > size / 3, "%d at %zu", rc, size);
			ck_assert_uint_le(page.size, size);
			rendered_free(&page);
		}
	}
	fixture_close(&f);
}
END_TEST

/* Check allocates for what it asserts. */
static int write_in_peace(void *context, const char *file, const char *data, size_t size)
{
	int rc;

	alloc_fault_pause();
	rc = rendered_write(context, file, data, size);
	alloc_fault_resume();
	return rc;
}

START_TEST(an_allocation_that_fails_is_told)
{
	static const char *const formats[] = { "html", "markdown" };
	struct fixture f;
	uint64_t count, failed = 0;

	fixture_open(&f);
	session_of_file(&f, "hostile/session.jsonl", "x", "/x");
	for (size_t i = 0; i < 2; i++) {
		struct rendered page = { .size_max = RENDERED_MAX, .text = calloc(1, RENDERED_MAX + 1) };
		struct hf_export_options options = { .format = formats[i], .write = write_in_peace,
						     .context = &page };
		struct hf_view *view = load(&f, ID_1);

		alloc_fault_count();
		ck_assert_int_eq(hf_export(f.store, view, &options, NULL, NULL), HF_OK);
		count = alloc_fault_stop();
		for (uint64_t n = 1; n <= count; n++) {
			int rc;

			page.size = 0;
			alloc_fault_fail(n, false);
			rc = hf_export(f.store, view, &options, NULL, NULL);
			(void)alloc_fault_stop();
			ck_assert_msg(rc == (alloc_fault_fired() ? HF_ERR_NOMEM : HF_OK), "allocation %u: %d",
				      (unsigned)n, rc);
			failed += alloc_fault_fired();
		}
		ck_assert_uint_ge(failed, 10);
		hf_view_close(view);
		rendered_free(&page);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_without_messages_is_a_page_too)
{
	static const char *const none[] = { NULL };
	struct fixture f;
	struct rendered page;

	fixture_open(&f);
	page = page_of(&f, none);
	must_hold(&page, "<dt>Messages</dt><dd>0, 0 of them prompts</dd>");
	ck_assert_str_eq(page.done.name, ID_1 ".html");
	rendered_free(&page);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_html");
	TCase *cases = runner_cases(suite, "pages", 60);

	tcase_add_test(cases, a_hostile_transcript_becomes_no_markup);
	tcase_add_test(cases, a_page_shows_roles_times_models_and_the_verdict);
	tcase_add_test(cases, a_session_that_was_altered_says_so);
	tcase_add_test(cases, calls_stand_with_their_results);
	tcase_add_loop_test(cases, markdown_becomes_html, 0,
			    (int)(sizeof rendering_cases / sizeof rendering_cases[0]));
	tcase_add_test(cases, what_md4c_cannot_take_in_good_time_is_shown_as_it_is);
	tcase_add_test(cases, a_reference_cannot_blow_a_page_up);
	tcase_add_test(cases, secrets_are_replaced_wherever_they_stand);
	tcase_add_test(cases, a_write_that_fails_ends_the_export);
	tcase_add_test(cases, an_allocation_that_fails_is_told);
	tcase_add_test(cases, a_session_without_messages_is_a_page_too);
	return runner_run_in_memory(suite);
}
