/* SPDX-License-Identifier: MIT */
/*
 * Goal: whatever is done to an archive, what is taken in from it is byte for byte what was
 * bundled, nothing is written anywhere else, and the store stays good. Method: a bundle is
 * taken apart, changed, and put together again; and cut and flipped as it is.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "bundle_fixture.h"
#include "interop/bundle_manifest.h"
#include "lib/runner.h"

static struct fixture f;
static struct parts parts;

/* Two sessions in the store a, both in the archive, which is taken apart. */
static void setup(void)
{
	fixture_open(&f);
	fixture_make(f.a, ID_1, 3);
	fixture_make(f.a, ID_2, 3);
	bundle_all(&f, f.a);
	parts_open(&f, &parts);
}

static void teardown(void)
{
	fixture_close(&f);
}

static struct part *part(const char *name)
{
	struct part *found = parts_find(&parts, name);

	ck_assert_msg(found != NULL, "%s is not in the bundle", name);
	return found;
}

/* Says again what a manifest says of itself. */
static void sign_manifest(struct part *manifest)
{
	char *check = strstr(manifest->bytes, ",\"check\":\"");
	size_t size = (size_t)(check - manifest->bytes);
	uint8_t digest[32];
	char text[TEXT_BASE64_32_SIZE];

	kdf_sha256(manifest->bytes, size, digest);
	text_put_base64_32(digest, text);
	memcpy(check + 10, text, sizeof text);
}

/* Replaces text in a manifest, and signs it again. */
static void change_manifest(const char *from, const char *to)
{
	struct part *manifest = part(MEMBER(ID_1, "manifest.json"));
	char *old = manifest->bytes;
	char *at;

	old[manifest->held] = '\0';
	at = strstr(old, from);
	ck_assert_msg(at != NULL, "%s is not in %s", from, old);
	manifest->bytes = calloc(manifest->held + strlen(to) + 1, 1);
	memcpy(manifest->bytes, old, (size_t)(at - old));
	strcat(manifest->bytes, to);
	strcat(manifest->bytes, at + strlen(from));
	manifest->size = manifest->held = strlen(manifest->bytes);
	free(old);
	sign_manifest(manifest);
}

/* The first session is refused, with this code, and the second one taken. */
static void assert_first_refused(int code)
{
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), code);
	ck_assert(!is_there(f.b, ID_1));
	ck_assert(is_there(f.b, ID_2));
	assert_same_log(&f, ID_2);
	assert_nothing_left(&f, "b");
}

/* The archive is refused, and nothing of the first session is there. */
static void assert_refused(void)
{
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	ck_assert_int_eq(f.detail.code, HF_ERR_BUNDLE);
	ck_assert(!is_there(f.b, ID_1));
	assert_nothing_left(&f, "b");
}

START_TEST(what_was_put_together_again_is_taken_in)
{
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	assert_same_log(&f, ID_1);
	assert_same_log(&f, ID_2);
}
END_TEST

START_TEST(a_changed_byte_in_a_log_is_noticed)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));

	log->bytes[log->held / 2] ^= 1;
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_changed_byte_in_a_head_is_noticed)
{
	part(MEMBER(ID_1, "head"))->bytes[50] ^= 1;
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_changed_byte_in_a_manifest_is_noticed)
{
	struct part *manifest = part(MEMBER(ID_1, "manifest.json"));

	manifest->bytes[(size_t)_i * manifest->held / 16] ^= 1;
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_log_of_another_size_is_noticed)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));

	log->held = log->size = log->size - 1;
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

/* Kinds of members that are no files: links, devices, directories and pipes. */
START_TEST(what_is_no_file_is_refused)
{
	static const char types[] = "123456";
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));

	log->type = types[_i];
	log->size = log->held = 0;
	(void)snprintf(log->target, sizeof log->target, "/etc/passwd");
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

static const char *const evil_names[] = {
	"/etc/evil",
	"../evil",
	"holdfast-bundle/sessions/../../evil",
	"holdfast-bundle/sessions/" ID_1 "/../../../evil",
	"holdfast-bundle/sessions/" ID_1 "/log.jsonl/../evil",
	"holdfast-bundle/sessions/00000000-0000-0000-0000-000000000000/manifest.json",
	"holdfast-bundle/sessions/AAAAAAAA-1111-4222-8333-444455556661/manifest.json",
	"holdfast-bundle/sessions/x/manifest.json",
	"",
};

START_TEST(a_name_is_never_a_path)
{
	(void)parts_add(&parts, evil_names[_i], "evil", 4);
	(void)parts_insert(&parts, 1);
	assert_refused();
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "."), 2);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/sessions"), 0);
}
END_TEST

START_TEST(a_session_in_place_of_a_member_is_refused)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));

	(void)snprintf(log->name, sizeof log->name, "%s", evil_names[_i]);
	assert_first_refused(HF_ERR_BUNDLE);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "."), 2);
}
END_TEST

START_TEST(members_in_another_order_are_refused)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));
	struct part *head = part(MEMBER(ID_1, "head"));
	struct part swap = *log;

	*log = *head;
	*head = swap;
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_member_that_comes_twice_is_refused)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));
	size_t at = (size_t)(log - parts.part);

	(void)parts_add(&parts, log->name, log->bytes, log->held);
	(void)parts_insert(&parts, at);
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_session_that_comes_twice_is_taken_once)
{
	static const char *const names[] = { "manifest.json", "log.jsonl", "head" };
	char name[200];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof name, MEMBER(ID_1, "%s"), names[i]);
		(void)parts_add(&parts, name, part(name)->bytes, part(name)->held);
		(void)parts_insert(&parts, 4 + i);
	}
	parts_close(&f, &parts);
	/* The end says that there are two sessions, and there are three. */
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	ck_assert_int_eq(f.items[1].outcome, HF_BUNDLE_SAME);
	assert_same_log(&f, ID_1);
	assert_same_log(&f, ID_2);
}
END_TEST

START_TEST(a_missing_member_is_noticed)
{
	static const char *const names[] = { MEMBER(ID_1, "log.jsonl"), MEMBER(ID_1, "head") };

	parts_remove(&parts, part(names[_i]));
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_missing_session_or_end_is_noticed)
{
	static const char *const names[] = { MEMBER(ID_1, "manifest.json"), MEMBER(ID_1, "log.jsonl"),
					     MEMBER(ID_1, "head") };

	if (_i == 0) {
		for (size_t i = 0; i < 3; i++)
			parts_remove(&parts, part(names[i]));
	} else {
		parts_remove(&parts, part("holdfast-bundle/end.json"));
	}
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	ck_assert(is_there(f.b, ID_2));
}
END_TEST

START_TEST(what_follows_the_end_is_refused)
{
	(void)parts_add(&parts, "holdfast-bundle/more", "x", 1);
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	assert_same_log(&f, ID_1);
}
END_TEST

START_TEST(the_session_of_one_id_is_not_taken_under_another)
{
	struct part *manifest = part(MEMBER(ID_1, "manifest.json"));

	/* Names, manifest and all say that it is ID_3; only record 0 knows better. */
	change_manifest(ID_1, ID_3);
	manifest = part(MEMBER(ID_1, "manifest.json"));
	(void)snprintf(manifest->name, sizeof manifest->name, "%s", MEMBER(ID_3, "manifest.json"));
	(void)snprintf(part(MEMBER(ID_1, "log.jsonl"))->name, 300, "%s", MEMBER(ID_3, "log.jsonl"));
	(void)snprintf(part(MEMBER(ID_1, "head"))->name, 300, "%s", MEMBER(ID_3, "head"));
	assert_first_refused(HF_ERR_BUNDLE);
	ck_assert(!is_there(f.b, ID_3));
}
END_TEST

/* What a manifest can say that is not so; it is signed again each time. */
static const struct lie {
	const char *from;
	const char *to;
	int code;
} lies[] = {
	{ "\"records\":5", "\"records\":6", HF_ERR_BUNDLE },
	{ "\"generation\":0", "\"generation\":1", HF_ERR_BUNDLE },
	{ "\"key\":\"", "\"key\":\"0000000000000000\",\"old\":\"", HF_ERR_BUNDLE },
	{ "\"store\":\"", "\"store\":\"" ID_1 "\",\"old\":\"", HF_ERR_BUNDLE },
	{ "\"size\":", "\"size\":9", HF_ERR_BUNDLE },
	{ "\"size\":", "\"size\":9223372036854775807,\"old\":", HF_ERR_NOSPACE },
	{ "\"size\":", "\"size\":18446744073709551615,\"old\":", HF_ERR_BUNDLE },
	{ "\"size\":", "\"size\":-1,\"old\":", HF_ERR_BUNDLE },
	{ "\"verdict\":\"intact\"", "\"verdict\":\"good\"", HF_ERR_BUNDLE },
	{ "\"quarantine\":[]", "\"quarantine\":[1]", HF_ERR_BUNDLE },
	{ "\"quarantine\":[]", "\"quarantine\":{}", HF_ERR_BUNDLE },
	{ "\"quarantine\":[]", "\"quarantine\":[{\"name\":\"../../evil\",\"size\":0,\"sha256\":"
	  "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"}]", HF_ERR_BUNDLE },
	{ "\"quarantine\":[]", "\"quarantine\":[{\"name\":\"" ID_2 ".torn.0\",\"size\":0,\"sha256\":"
	  "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"}]", HF_ERR_BUNDLE },
	{ "\"head\":{", "\"head\":null,\"old\":{", HF_ERR_BUNDLE },
	{ "\"session\":", "\"session\":\"" ID_2 "\",\"old\":", HF_ERR_BUNDLE },
	{ "{\"session\"", "[{\"session\"", HF_ERR_BUNDLE },
};

START_TEST(a_manifest_that_lies_is_not_believed)
{
	change_manifest(lies[_i].from, lies[_i].to);
	/* The end of the bundle knows too that a manifest is another one. */
	assert_first_refused(HF_ERR_BUNDLE);
	ck_assert_int_eq(f.items[0].error, lies[_i].code);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "."), 2);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/quarantine"), 0);
}
END_TEST

START_TEST(with_the_key_a_forged_record_is_found)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));
	struct bundle_manifest manifest = BUNDLE_MANIFEST_INIT;
	char *at;

	log->bytes[log->held] = '\0';
	at = strstr(log->bytes, "\"content\":\"2\"");
	ck_assert_ptr_nonnull(at);
	at[11] = '7';
	parts_read_manifest(&parts, &manifest);
	parts_write_manifest(&parts, &manifest);
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_ERR_BUNDLE);
	ck_assert_int_eq(f.items[0].error, HF_ERR_TAMPERED);
	ck_assert(!is_there(f.b, ID_1));
	ck_assert_int_eq(verdict_of(f.b, ID_2), HF_INTACT);
	assert_nothing_left(&f, "b");
	/* Without it nobody can tell. */
	hf_store_close(f.b);
	f.b = fixture_store(&f, "c", NULL);
	(void)unbundle(&f, f.b);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_KEY_MISSING);
}
END_TEST

/* Else an archive could fill the key directory, whose room is limited. */
START_TEST(a_key_is_not_kept_for_a_session_that_it_has_not_signed)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));
	struct bundle_manifest manifest = BUNDLE_MANIFEST_INIT;
	char store[TEXT_UUID_SIZE + 1] = "";

	text_put_uuid(f.a->env.store, store);
	log->bytes[log->held] = '\0';
	memcpy(strstr(log->bytes, store), ID_3, TEXT_UUID_SIZE);
	parts_read_manifest(&parts, &manifest);
	ck_assert(text_get_uuid(ID_3, TEXT_UUID_SIZE, manifest.store));
	manifest.verdict = HF_TAMPERED;
	parts_write_manifest(&parts, &manifest);
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_ERR_BUNDLE);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_TAKEN);
	ck_assert_int_eq(f.items[0].verdict, HF_TAMPERED);
	ck_assert_int_eq(verdict_of(f.b, ID_2), HF_INTACT);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/keys/foreign"), 1);
}
END_TEST

START_TEST(a_huge_manifest_is_refused)
{
	struct part *manifest = part(MEMBER(ID_1, "manifest.json"));
	size_t size = (size_t)5 << 20;

	free(manifest->bytes);
	manifest->bytes = calloc(size + 1, 1);
	memset(manifest->bytes, ' ', size);
	manifest->size = manifest->held = size;
	assert_first_refused(HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_header_that_claims_more_than_there_is_is_refused)
{
	part(MEMBER(ID_1, "log.jsonl"))->size = (uint64_t)1 << (20 + 10 * _i);
	assert_refused();
}
END_TEST

START_TEST(a_log_that_claims_gigabytes_is_not_written)
{
	struct part *log = part(MEMBER(ID_1, "log.jsonl"));

	log->size = (uint64_t)1 << 40;
	change_manifest("\"size\":", "\"size\":1099511627776,\"old\":");
	parts_close(&f, &parts);
	ck_assert_int_ne(unbundle(&f, f.b), HF_OK);
	ck_assert(!is_there(f.b, ID_1));
	assert_nothing_left(&f, "b");
}
END_TEST

START_TEST(what_is_no_bundle_is_refused)
{
	static const char *const texts[] = { "", "hello", "{\"n\":0}\n" };

	parts_close(&f, &parts);
	for (size_t i = 0; i < 3; i++) {
		f.tape.bytes.size = 0;
		ck_assert_int_eq(buffer_put(&f.tape.bytes, texts[i], strlen(texts[i])), HF_OK);
		ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	}
	f.tape.bytes.size = 0;
	memset(&parts, 0, sizeof parts);
	(void)parts_add(&parts, "hello", "x", 1);
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
}
END_TEST

START_TEST(a_bundle_of_a_newer_version_is_told_from_a_damaged_one)
{
	struct part *begin = part("holdfast-bundle/bundle.json");

	ck_assert_ptr_nonnull(memmem(begin->bytes, begin->held, "\"holdfast-bundle\":1", 19));
	begin->bytes[strlen("{\"holdfast-bundle\":")] = '2';
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_FORMAT);
}
END_TEST

/* Fails unless each session in the store is byte for byte the one that was bundled. */
static void assert_only_whole_sessions(void)
{
	if (is_there(f.b, ID_1))
		assert_same_log(&f, ID_1);
	if (is_there(f.b, ID_2))
		assert_same_log(&f, ID_2);
	assert_nothing_left(&f, "b");
}

START_TEST(a_bundle_that_is_cut_gives_whole_sessions_or_none)
{
	size_t size;

	parts_close(&f, &parts);
	bundle_all(&f, f.a);
	size = f.tape.bytes.size;
	for (size_t cut = 0; cut < size; cut += 1 + size / 30) {
		f.tape.bytes.size = cut;
		ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
		assert_only_whole_sessions();
	}
}
END_TEST

START_TEST(a_flipped_bit_is_noticed_or_changes_nothing)
{
	size_t size;

	parts_close(&f, &parts);
	if (_i == 0)
		bundle_all(&f, f.a); /* compressed; otherwise as it was put together */
	size = f.tape.bytes.size;
	for (size_t at = 0; at < size; at += 1 + size / 60) {
		f.tape.bytes.data[at] ^= (char)(1 << (at % 8));
		(void)unbundle(&f, f.b);
		assert_only_whole_sessions();
		if (is_there(f.b, ID_1))
			ck_assert_int_eq(hf_session_delete(f.b, ID_1, NULL), HF_OK);
		if (is_there(f.b, ID_2))
			ck_assert_int_eq(hf_session_delete(f.b, ID_2, NULL), HF_OK);
		f.tape.bytes.data[at] ^= (char)(1 << (at % 8));
	}
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
}
END_TEST

/* ---- Crashes --------------------------------------------------------------------- */

static void note_finding(void *context, const struct hf_finding *finding)
{
	unsigned *count = context;

	*count += strstr(finding->text, "being taken in") != NULL;
}

START_TEST(a_session_whose_way_in_was_cut_short_is_not_there)
{
	struct hf_session *session = NULL;
	struct hf_list *list = NULL;
	struct hf_entry entry;
	struct hf_holder holder;
	unsigned findings = 0;
	int fd = f.scratch.fd;

	parts_close(&f, &parts);
	/* The head has come to its place, and the log has not. */
	scratch_mkdir(fd, "b/incoming");
	scratch_copy(fd, "a/sessions/" ID_1 ".jsonl", fd, "b/incoming/" ID_1 ".jsonl");
	scratch_copy(fd, "a/sessions/" ID_1 ".head", fd, "b/incoming/" ID_1 ".head");
	scratch_copy(fd, "a/sessions/" ID_1 ".head", fd, "b/sessions/" ID_1 ".head");
	ck_assert(!is_there(f.b, ID_1));
	ck_assert_int_eq(hf_session_open(f.b, ID_1, NULL, NULL, &session), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_who(f.b, ID_1, NULL, &holder), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_list_open(f.b, NULL, NULL, &list), HF_OK);
	ck_assert_int_eq(hf_list_next(list, &entry), HF_ERR_NOTFOUND);
	hf_list_close(list);
	ck_assert_int_eq(hf_store_examine(f.b, note_finding, &findings, NULL), HF_OK);
	ck_assert_uint_eq(findings, 2);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	assert_same_log(&f, ID_1);
	assert_nothing_left(&f, "b");
	findings = 0;
	ck_assert_int_eq(hf_store_examine(f.b, note_finding, &findings, NULL), HF_OK);
	ck_assert_uint_eq(findings, 0);
}
END_TEST

START_TEST(what_was_left_of_others_is_cleared_away)
{
	int fd = f.scratch.fd;

	parts_close(&f, &parts);
	scratch_mkdir(fd, "b/incoming");
	scratch_copy(fd, "a/sessions/" ID_1 ".jsonl", fd, "b/incoming/" ID_3 ".jsonl");
	scratch_copy(fd, "a/sessions/" ID_1 ".head", fd, "b/incoming/" ID_2 ".head");
	scratch_copy(fd, "a/sessions/" ID_1 ".head", fd, "b/sessions/" ID_3 ".head");
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	assert_nothing_left(&f, "b");
	ck_assert(!scratch_exists(fd, "b/sessions/" ID_3 ".head"));
	assert_same_log(&f, ID_2);
}
END_TEST

START_TEST(a_head_whose_log_is_really_missing_is_not_taken_for_one_that_comes)
{
	parts_close(&f, &parts);
	fixture_make(f.b, ID_1, 4);
	scratch_remove(f.scratch.fd, "b/sessions/" ID_1 ".jsonl");
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_TRUNCATED);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_EXISTS);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_TRUNCATED);
}
END_TEST

static void add_crashes(TCase *tcase)
{
	tcase_add_test(tcase, a_session_whose_way_in_was_cut_short_is_not_there);
	tcase_add_test(tcase, what_was_left_of_others_is_cleared_away);
	tcase_add_test(tcase, a_head_whose_log_is_really_missing_is_not_taken_for_one_that_comes);
}

static void add_archives(TCase *tcase)
{
	tcase_add_test(tcase, what_was_put_together_again_is_taken_in);
	tcase_add_test(tcase, a_changed_byte_in_a_log_is_noticed);
	tcase_add_test(tcase, a_changed_byte_in_a_head_is_noticed);
	tcase_add_loop_test(tcase, a_changed_byte_in_a_manifest_is_noticed, 0, 16);
	tcase_add_test(tcase, a_log_of_another_size_is_noticed);
	tcase_add_loop_test(tcase, what_is_no_file_is_refused, 0, 6);
	tcase_add_loop_test(tcase, a_name_is_never_a_path, 0, 9);
	tcase_add_loop_test(tcase, a_session_in_place_of_a_member_is_refused, 0, 5);
	tcase_add_test(tcase, members_in_another_order_are_refused);
	tcase_add_test(tcase, a_member_that_comes_twice_is_refused);
	tcase_add_test(tcase, a_session_that_comes_twice_is_taken_once);
	tcase_add_loop_test(tcase, a_missing_member_is_noticed, 0, 2);
	tcase_add_loop_test(tcase, a_missing_session_or_end_is_noticed, 0, 2);
	tcase_add_test(tcase, what_follows_the_end_is_refused);
	tcase_add_test(tcase, the_session_of_one_id_is_not_taken_under_another);
	tcase_add_loop_test(tcase, a_manifest_that_lies_is_not_believed, 0,
			    (int)(sizeof lies / sizeof lies[0]));
	tcase_add_test(tcase, with_the_key_a_forged_record_is_found);
	tcase_add_test(tcase, a_key_is_not_kept_for_a_session_that_it_has_not_signed);
	tcase_add_test(tcase, a_huge_manifest_is_refused);
	tcase_add_loop_test(tcase, a_header_that_claims_more_than_there_is_is_refused, 0, 4);
	tcase_add_test(tcase, a_log_that_claims_gigabytes_is_not_written);
	tcase_add_test(tcase, what_is_no_bundle_is_refused);
	tcase_add_test(tcase, a_bundle_of_a_newer_version_is_told_from_a_damaged_one);
	tcase_add_test(tcase, a_bundle_that_is_cut_gives_whole_sessions_or_none);
	tcase_add_loop_test(tcase, a_flipped_bit_is_noticed_or_changes_nothing, 0, 2);
}

int main(void)
{
	Suite *suite = suite_create("unbundle");
	TCase *tcase = runner_cases(suite, "archives", 60);

	tcase_add_checked_fixture(tcase, setup, teardown);
	add_archives(tcase);
	add_crashes(tcase);
	return runner_run(suite);
}
