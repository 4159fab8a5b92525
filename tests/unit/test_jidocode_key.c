/* SPDX-License-Identifier: MIT */
/*
 * Goal: the key that JidoCode signs with is derived as it derives it, and nothing else will
 * do. Method: the keys that the original program has said it uses, files that it has signed
 * with either of its salts, and secrets that are missing, damaged or open to others.
 */
#include "lib/runner.h"
#include "jidocode_fixture.h"

#include <sys/stat.h>

#include "base/text.h"
#include "interop/jidocode_key.h"
#include "lib/child.h"
#include "lib/scratch.h"

/* ---- Keys ------------------------------------------------------------------------ */

START_TEST(the_key_is_the_one_that_the_original_derives)
{
	/* Of tests/data/jidocode/README.txt. */
	static const struct {
		const char *salt;
		const char *key;
	} known[] = {
		{ SALT, "28cde830ae6a12efac5876cc1a723678bff6af7d914794b8dd979dc2335d1b36" },
		{ SALT_2025, "dfc5e7cf487dd3f69991f20b4501109d418b8b8f4e31dcf285b6d5ba88520f4c" },
	};
	struct report report = report_make(NULL, NULL);
	struct jidocode_secret secret;
	uint8_t key[KDF_SIZE];
	char path[1024];

	data_path(path, sizeof path, "jidocode", "machine_secret");
	ck_assert_int_eq(jidocode_key_load(sys_posix(), &report, path, "vm.example.org", &secret),
			 HF_OK);
	for (size_t i = 0; i < 2; i++) {
		char text[2 * KDF_SIZE + 1] = "";

		ck_assert_int_eq(jidocode_key_derive(&secret, known[i].salt, &report, key), HF_OK);
		text_put_hex(key, sizeof key, text);
		ck_assert_str_eq(text, known[i].key);
		ck_assert_str_eq(jidocode_key_salt(i), i == 0 ? SALT_2025 : SALT);
	}
	ck_assert_int_eq(jidocode_key_derive(&secret, "123456789012345678901234567890123", &report,
					     key),
			 HF_ERR_INVALID);
}
END_TEST

START_TEST(both_salts_are_tried_if_none_is_given)
{
	ck_assert_int_eq(judge(SIX, NULL, false), HF_OK);
	ck_assert_int_eq(judge("salt2025/" TWO, NULL, false), HF_OK);
	ck_assert_int_eq(judge("variants/tampered_content" ID_6, NULL, false), HF_ERR_SIGNATURE);
	ck_assert_int_eq(judge("salt2025/" SIX, SALT, false), HF_ERR_SIGNATURE);
	ck_assert_int_eq(judge("salt2025/" SIX, SALT_2025, false), HF_OK);
}
END_TEST

static int judge_with(const char *secret_path, const char *host)
{
	struct judged source;
	int rc;

	source_make(&source, "machine_secret");
	source.options.salt = SALT;
	source.options.secret_path = secret_path != NULL ? secret_path : source.secret;
	source.options.host = host;
	source_open_data(&source, SIX);
	rc = source.rc;
	source_close(&source);
	return rc;
}

START_TEST(another_secret_or_host_does_not_match)
{
	struct scratch scratch = scratch_open();
	char path[512];
	char other[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	(void)snprintf(path, sizeof path, "%s/secret", scratch.path);
	scratch_put(scratch.fd, "secret", other, 64);
	ck_assert_int_eq(judge_with(path, "vm"), HF_ERR_SIGNATURE);
	ck_assert_int_eq(judge_with(NULL, "vm2"), HF_ERR_SIGNATURE);
	ck_assert_int_eq(judge_with(NULL, "vm"), HF_OK);
	scratch_close(&scratch);
}
END_TEST

START_TEST(a_secret_that_cannot_be_one_is_told_of)
{
	struct scratch scratch = scratch_open();
	char path[512];

	(void)snprintf(path, sizeof path, "%s/secret", scratch.path);
	ck_assert_int_eq(judge_with(path, "vm"), HF_ERR_KEY_MISSING);
	scratch_put(scratch.fd, "secret", "0123456789abcdef0123456789abcde", 31);
	ck_assert_int_eq(judge_with(path, "vm"), HF_ERR_KEY_CORRUPT);
	scratch_cut(scratch.fd, "secret", 5000);
	ck_assert_int_eq(judge_with(path, "vm"), HF_ERR_KEY_CORRUPT);
	ck_assert_int_eq(judge_with(scratch.path, "vm"), HF_ERR_KEY_UNSAFE);
	ck_assert_int_eq(symlinkat("secret", scratch.fd, "link"), 0);
	(void)snprintf(path, sizeof path, "%s/link", scratch.path);
	ck_assert_int_eq(judge_with(path, "vm"), HF_ERR_KEY_UNSAFE);
	scratch_close(&scratch);
}
END_TEST

static void count_warning(void *context, enum hf_log_level level, const char *message)
{
	*(int *)context += level == HF_LOG_WARNING && strstr(message, "has mode") != NULL;
}

START_TEST(a_secret_that_others_can_read_is_warned_of)
{
	struct scratch scratch = scratch_open();
	struct jidocode_secret secret;
	int warnings = 0;
	struct report report = report_make(count_warning, &warnings);
	char path[512];

	(void)snprintf(path, sizeof path, "%s/secret", scratch.path);
	scratch_put(scratch.fd, "secret", "0123456789abcdef0123456789abcdef", 32);
	ck_assert_int_eq(fchmodat(scratch.fd, "secret", 0600, 0), 0);
	ck_assert_int_eq(jidocode_key_load(sys_posix(), &report, path, "vm", &secret), HF_OK);
	ck_assert_int_eq(warnings, 0);
	ck_assert_int_eq(fchmodat(scratch.fd, "secret", 0640, 0), 0);
	ck_assert_int_eq(jidocode_key_load(sys_posix(), &report, path, "vm", &secret), HF_OK);
	ck_assert_int_eq(warnings, 1);
	scratch_close(&scratch);
}
END_TEST

START_TEST(the_secret_is_looked_for_where_jidocode_keeps_it)
{
	struct scratch scratch = scratch_open();
	struct judged source;
	size_t size;
	char *secret;

	source_make(&source, "machine_secret");
	secret = slurp(source.secret, &size);
	ck_assert_int_eq(setenv("HOME", scratch.path, 1), 0);
	source.options.secret_path = NULL;
	source_open_data(&source, SIX);
	ck_assert_int_eq(source.rc, HF_ERR_KEY_MISSING);
	source_close(&source);
	scratch_mkdir(scratch.fd, ".jido_code");
	scratch_put(scratch.fd, ".jido_code/machine_secret", secret, size);
	source_open_data(&source, SIX);
	ck_assert_int_eq(source.rc, HF_OK);
	source_close(&source);
	free(secret);
	scratch_close(&scratch);
}
END_TEST

/* ---- Orders of other releases ----------------------------------------------------- */

/* A map of 33 members in an order that is no release's, signed by the independent verifier's
 * code over the text as it stands. */
START_TEST(an_order_of_another_release_is_taken_as_it_stands)
{
	static const char program[] =
		"import sys; sys.path.insert(0, sys.argv[1]); import verify as v\n"
		"k = v.derive(b'jido_code_session_v1', open(sys.argv[1] + '/machine_secret', 'rb').read(), "
		"b'vm')\n"
		"d = v.parse(open(sys.argv[1] + '/' + sys.argv[2], 'rb').read()); d.pop('signature')\n"
		"d['config'] = {'k%02d' % (i * 7 % 33): i for i in range(33)}\n"
		"v.ORDER = 'file'; d['signature'] = v.sign(k, v.enc(d).encode())\n"
		"open(sys.argv[3], 'w').write(v.enc(d))\n"
		"d['config']['k01'] = 1000; open(sys.argv[3] + '2', 'w').write(v.enc(d))\n";
	struct scratch scratch = scratch_open();
	struct judged source;
	char folder[1024];
	char path[512];
	const char *arguments[] = { "python3", "-B", "-c", program, folder, SIX, path, NULL };

	data_path(folder, sizeof folder, "jidocode", "");
	(void)snprintf(path, sizeof path, "%s/file", scratch.path);
	ck_assert(child_run(arguments));
	source_make(&source, "machine_secret");
	source_open(&source, path);
	ck_assert_int_eq(source.rc, HF_OK);
	source_close(&source);
	(void)snprintf(path, sizeof path, "%s/file2", scratch.path);
	source_open(&source, path);
	ck_assert_int_eq(source.rc, HF_ERR_SIGNATURE);
	source_close(&source);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jidocode key");
	TCase *cases = runner_cases(suite, "keys", 60);

	tcase_add_test(cases, the_key_is_the_one_that_the_original_derives);
	tcase_add_test(cases, both_salts_are_tried_if_none_is_given);
	tcase_add_test(cases, another_secret_or_host_does_not_match);
	tcase_add_test(cases, a_secret_that_cannot_be_one_is_told_of);
	tcase_add_test(cases, a_secret_that_others_can_read_is_warned_of);
	tcase_add_test(cases, the_secret_is_looked_for_where_jidocode_keeps_it);
	tcase_add_test(cases, an_order_of_another_release_is_taken_as_it_stands);
	return runner_run_in_memory(suite);
}
