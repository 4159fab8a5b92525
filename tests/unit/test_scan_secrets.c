/* SPDX-License-Identifier: MIT */
/*
 * Goal: a scan tells of each secret in a session with its record and place, once though an
 * import holds it twice, and never shows it. Method: sessions with records as imports write
 * them, and the list that a scan gives of each.
 */
#include "lib/runner.h"
#include "redact_fixture.h"
#include "store_fixture.h"

#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

struct told {
	char text[4000];
	size_t size;
};

static void tell(void *context, const struct hf_secret *secret)
{
	struct told *told = context;

	told->size +=
		(size_t)snprintf(told->text + told->size, sizeof told->text - told->size,
				 "%llu %s %s %llu+%llu %s\n", (unsigned long long)secret->record->n,
				 secret->kind, secret->where, (unsigned long long)secret->offset,
				 (unsigned long long)secret->size, secret->preview);
}

static void open_session(struct fixture *f)
{
	fixture_open(f);
	create(f, ID_1, "first");
}

static void add(struct fixture *f, const char *json)
{
	ck_assert_int_eq(append(f, "message", NULL, json), HF_OK);
}

/* Closes the session, scans it, and expects this list. */
static void expect_told(struct fixture *f, const char *const *patterns, size_t count,
			const char *expected)
{
	struct told told = { .size = 0 };
	struct hf_view *view;
	uint64_t secrets = 77;
	uint64_t lines = 0;

	leave(f, HF_CLOSE_SEAL);
	view = load(f, ID_1);
	ck_assert_int_eq(hf_scan(view, patterns, count, tell, &told, &f->detail, &secrets), HF_OK);
	ck_assert_str_eq(told.text, expected);
	for (const char *at = expected; *at != '\0'; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(secrets, lines);
	/* Counting needs nobody to be told. */
	ck_assert_int_eq(hf_scan(view, patterns, count, NULL, NULL, NULL, &secrets), HF_OK);
	ck_assert_uint_eq(secrets, lines);
	hf_view_close(view);
	fixture_close(f);
}

START_TEST(a_session_without_secrets_has_none)
{
	struct fixture f;

	open_session(&f);
	append_many(&f, 5);
	expect_told(&f, NULL, 0, "");
}
END_TEST

START_TEST(each_secret_is_told_with_record_kind_and_place)
{
	struct fixture f;

	open_session(&f);
	add(&f, "{\"role\":\"user\",\"content\":\"use " GITHUB " and " AWS_ID "\"}");
	add(&f, "{\"content\":[{\"text\":\"\"},{\"arguments\":{\"password\":\"hunter22\"}}]}");
	expect_told(&f, NULL, 0,
		    "1 github-token content 4+40 ghp_16C7...\n"
		    "1 aws-access-key-id content 49+20 AKIAQ...\n"
		    "2 password content[1].arguments.password 0+8 hu...\n");
}
END_TEST

START_TEST(the_configuration_and_the_origin_are_looked_at_too)
{
	const struct hf_session_options options = {
		.id = ID_1,
		.config = slice("{\"api_key\":\"9f8e7d6c5b4a3928\"}"),
		.origin = slice("{\"url\":\"https://u:hunter2@h/\"}"),
	};
	struct fixture f;

	fixture_open(&f);
	ck_assert_int_eq(hf_session_create(f.store, &options, &f.detail, &f.session), HF_OK);
	expect_told(&f, NULL, 0,
		    "0 secret config.api_key 0+16 9f8e...\n"
		    "0 url-password origin.url 10+7 h...\n");
}
END_TEST

START_TEST(what_stands_in_the_view_and_in_the_source_is_told_once)
{
	struct fixture f;

	open_session(&f);
	add(&f, "{\"content\":\"a " GITHUB "\",\"source\":{\"at\":0,\"line\":1,"
		"\"json\":{\"text\":\"a " GITHUB "\",\"again\":\"" GITHUB "\"}}}");
	/* As text it is escaped once more; of what stands twice in the source one is enough. */
	add(&f,
	    "{\"content\":\"-----BEGIN PRIVATE KEY-----\\n" BODY "\\n-----END PRIVATE KEY-----\","
	    "\"source\":{\"at\":9,\"line\":2,\"text\":\"{\\\"text\\\": \\\"-----BEGIN PRIVATE "
	    "KEY-----\\\\n" BODY "\\\\n-----END PRIVATE KEY-----\\\", \\\"x\\\": \\\"" AWS_ID
	    "\\\", \\\"y\\\": \\\"" AWS_ID "\\\"}\"}}");
	expect_told(&f, NULL, 0,
		    "1 github-token content 2+40 ghp_16C7...\n"
		    "2 private-key content 0+118 -----BEGIN PRIVATE KEY-----...\n"
		    "2 aws-access-key-id source.text 139+20 AKIAQ...\n");
}
END_TEST

START_TEST(what_stands_only_in_the_source_is_told)
{
	struct fixture f;

	open_session(&f);
	ck_assert_int_eq(append(&f, "x-source", NULL,
				"{\"source\":{\"at\":0,\"line\":1,\"state\":\"torn\","
				"\"text\":\"{\\\"a\\\":\\\"" GITHUB "\"}}"),
			 HF_OK);
	/* "\xff token=9f8e7d6c5b4a3928" */
	ck_assert_int_eq(append(&f, "x-source", NULL,
				"{\"source\":{\"at\":60,\"line\":2,"
				"\"base64\":\"/yB0b2tlbj05ZjhlN2Q2YzViNGEzOTI4\"}}"),
			 HF_OK);
	expect_told(&f, NULL, 0,
		    "1 github-token source.text 6+40 ghp_16C7...\n"
		    "2 secret source.base64 8+16 9f8e...\n");
}
END_TEST

START_TEST(a_secret_of_the_second_message_of_a_piece_is_told_there)
{
	struct fixture f;

	open_session(&f);
	add(&f, "{\"content\":\"first\",\"source\":{\"at\":0,\"line\":1,"
		"\"json\":{\"a\":\"first\",\"b\":\"" GITHUB "\",\"c\":\"" AWS_ID "\"}}}");
	add(&f, "{\"content\":\"" GITHUB "\",\"source\":{\"of\":true}}");
	expect_told(&f, NULL, 0,
		    "1 aws-access-key-id source.json.c 0+20 AKIAQ...\n"
		    "2 github-token content 0+40 ghp_16C7...\n");
}
END_TEST

START_TEST(a_hosts_own_member_called_source_is_looked_at)
{
	struct fixture f;

	open_session(&f);
	add(&f, "{\"source\":\"" AWS_ID "\"}");
	add(&f, "{\"source\":{\"base64\":\"no base64\",\"x\":\"" AWS_ID "\"}}");
	add(&f, "{\"sources\":\"" AWS_ID "\"}");
	expect_told(&f, NULL, 0,
		    "1 aws-access-key-id source 0+20 AKIAQ...\n"
		    "2 aws-access-key-id source.x 0+20 AKIAQ...\n"
		    "3 aws-access-key-id sources 0+20 AKIAQ...\n");
}
END_TEST

/* It is random enough for a secret, under a name that says so. */
START_TEST(the_name_of_a_row_is_no_secret)
{
	struct fixture f;

	open_session(&f);
	add(&f, "{\"source\":{\"key\":\"part/prt_205a578a3001fIac6nXbaqykWY\",\"json\":{}}}");
	/* What a host calls so is looked at as everything else of it. */
	add(&f, "{\"source\":{\"key\":\"part/prt_205a578a3001fIac6nXbaqykWY\"}}");
	expect_told(&f, NULL, 0,
		    "2 secret source.key 0+35 part/prt...\n");
}
END_TEST

START_TEST(patterns_are_looked_for_too)
{
	static const char *const patterns[] = { "corp-[0-9]+", "(\xc3\xa9)+-" };
	struct fixture f;

	open_session(&f);
	add(&f, "{\"content\":\"a corp-1234567890 \xc3\xa9\xc3\xa9\xc3\xa9-\"}");
	expect_told(&f, patterns, 2, "1 pattern content 2+15 cor...\n1 pattern content 18+7 ...\n");
}
END_TEST

START_TEST(a_long_path_is_cut_at_a_character)
{
	struct told told = { .size = 0 };
	char json[1000];
	char where[128];
	struct hf_view *view;
	struct fixture f;
	uint64_t count = 0;

	/* "["", 122 characters of one byte, then the first byte of one of two at the last place. */
	memset(where, 'n', sizeof where);
	(void)snprintf(json, sizeof json, "{\"%.124s\xc3\xa9xyz\":\"" AWS_ID "\"}", where);
	open_session(&f);
	add(&f, json);
	leave(&f, HF_CLOSE_SEAL);
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_scan(view, NULL, 0, tell, &told, NULL, &count), HF_OK);
	ck_assert_uint_eq(count, 1);
	(void)snprintf(json, sizeof json, "1 aws-access-key-id [\"%.124s 0+20 AKIAQ...\n", where);
	ck_assert_str_eq(told.text, json);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(a_pattern_that_is_not_valid_is_refused)
{
	static const char *const patterns[] = { "fine", "(" };
	struct hf_view *view;
	struct fixture f;
	uint64_t count = 77;

	open_session(&f);
	leave(&f, HF_CLOSE_SEAL);
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_scan(view, patterns, 2, tell, NULL, &f.detail, &count), HF_ERR_INVALID);
	ck_assert_int_eq(f.detail.input, 1);
	ck_assert_ptr_nonnull(strstr(f.detail.message, "'('"));
	ck_assert_int_eq(hf_scan(NULL, NULL, 0, tell, NULL, NULL, &count), HF_ERR_INVALID);
	ck_assert_int_eq(hf_scan(view, NULL, 1, tell, NULL, NULL, &count), HF_ERR_INVALID);
	ck_assert_uint_eq(count, 77);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan_secrets");
	TCase *cases = runner_cases(suite, "scan", 60);

	tcase_add_test(cases, a_session_without_secrets_has_none);
	tcase_add_test(cases, each_secret_is_told_with_record_kind_and_place);
	tcase_add_test(cases, the_configuration_and_the_origin_are_looked_at_too);
	tcase_add_test(cases, what_stands_in_the_view_and_in_the_source_is_told_once);
	tcase_add_test(cases, what_stands_only_in_the_source_is_told);
	tcase_add_test(cases, a_secret_of_the_second_message_of_a_piece_is_told_there);
	tcase_add_test(cases, a_hosts_own_member_called_source_is_looked_at);
	tcase_add_test(cases, the_name_of_a_row_is_no_secret);
	tcase_add_test(cases, patterns_are_looked_for_too);
	tcase_add_test(cases, a_long_path_is_cut_at_a_character);
	tcase_add_test(cases, a_pattern_that_is_not_valid_is_refused);
	return runner_run(suite);
}
