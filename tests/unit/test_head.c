/* SPDX-License-Identifier: MIT */
/*
 * Goal: a slot of the head is laid out as docs/FORMAT.md says and nothing else is taken
 * for one. Method: bytes at their offsets, a MAC computed by another program, the largest
 * and the smallest head, and each rule broken by itself under a right MAC.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "format/head.h"

/* HMAC-SHA256 under the key 0, 1, ... 31 of the example's slot, computed with Python. */
static const uint8_t example_mac[MAC_SIZE] = {
	0xb6, 0x2e, 0xcd, 0x4d, 0x13, 0x0c, 0xa4, 0xd8,
	0xe3, 0x47, 0xba, 0xed, 0xb5, 0xdc, 0x99, 0x95,
	0x8d, 0x82, 0x6d, 0xb7, 0x7e, 0x9c, 0x30, 0x47,
	0x29, 0xa8, 0xd7, 0xd6, 0xea, 0xe5, 0xa7, 0xb3,
};

static const uint8_t session[16] = { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
				     0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf };

static struct mac make_key(void)
{
	uint8_t bytes[MAC_KEY_SIZE];
	struct mac key;

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	mac_init(&key, bytes);
	return key;
}

static void set_texts(struct head *head, const char *name, const char *project, const char *words,
		      const char *tags)
{
	head->name_size = (uint32_t)strlen(name);
	head->project_size = (uint32_t)strlen(project);
	head->words_size = (uint32_t)strlen(words);
	memcpy(head->name, name, head->name_size);
	memcpy(head->project, project, head->project_size);
	memcpy(head->words, words, head->words_size);
	head->tags_size = (uint32_t)strlen(tags);
	memcpy(head->tags, tags, head->tags_size);
}

static struct head example(void)
{
	struct head head = { .counter = 0x0102030405060708, .generation = 2, .records = 3,
			     .offset = 0x1122334455667788, .flags = 5, .created_us = -1,
			     .updated_us = 1795391653123456, .messages = 9 };

	memcpy(head.session, session, sizeof session);
	memset(head.mac, 0x5a, sizeof head.mac);
	memcpy(head.key_id, "9083ce5eaf1baf38", sizeof head.key_id);
	memset(head.former[0], 0xf0, sizeof head.former[0]);
	memset(head.former[7], 0xf7, sizeof head.former[7]);
	set_texts(&head, "name", "/p", "words", "a b");
	return head;
}

START_TEST(a_slot_is_laid_out_as_the_format_says)
{
	static const struct {
		size_t at;
		const char *bytes;
		size_t size;
	} fields[] = {
		{ 0, "hfhead1\n", 8 }, { 8, "\1\2\3\4\5\6\7\x8", 8 }, { 16, "\xa0\xa1", 2 },
		{ 30, "\xae\xaf", 2 }, { 32, "\0\0\0\0\0\0\0\2", 8 }, { 40, "\0\0\0\0\0\0\0\3", 8 },
		{ 48, "\x11\x22\x33\x44\x55\x66\x77\x88", 8 }, { 56, "\x5a\x5a", 2 },
		{ 86, "\x5a\x5a", 2 }, { 88, "9083ce5eaf1baf38", 16 }, { 104, "\0\0\0\0\0\0\0\5", 8 },
		{ 112, "\xff\xff\xff\xff\xff\xff\xff\xff", 8 }, { 128, "\0\0\0\0\0\0\0\x9", 8 },
		{ 136, "\0\0\0\4", 4 }, { 140, "\0\0\0\2", 4 }, { 144, "\0\0\0\5", 4 },
		{ 148, "\0\0\0\3", 4 }, { 152, "\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\0", 9 },
		{ 207, "\0\xf7\xf7\xf7\xf7\xf7\xf7\xf7\xf7", 9 }, { 216, "name/pwordsa b", 14 },
	};
	struct head head = example();
	struct mac key = make_key();
	uint8_t slot[FORMAT_HEAD_SLOT_SIZE];

	memset(slot, 0x77, sizeof slot);
	head_encode(&head, &key, slot);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		ck_assert_mem_eq(slot + fields[i].at, fields[i].bytes, fields[i].size);
	ck_assert_mem_eq(slot + 230, example_mac, MAC_SIZE);
	for (size_t i = 230 + MAC_SIZE; i < sizeof slot; i++)
		ck_assert_uint_eq(slot[i], 0);
}
END_TEST

/* Encodes and decodes at the place that the counter gives. */
static void expect_same(const struct head *head)
{
	uint8_t slot[FORMAT_HEAD_SLOT_SIZE];
	struct mac key = make_key();
	struct head again;
	char key_id[FORMAT_KEY_ID_SIZE];

	head_encode(head, &key, slot);
	ck_assert(head_decode(slot, head_slot(head->counter), session, &key, &again));
	ck_assert_mem_eq(&again, head, sizeof again);
	ck_assert(head_claims_key(slot, key_id));
	ck_assert_mem_eq(key_id, head->key_id, sizeof key_id);
}

START_TEST(what_is_written_is_read_again)
{
	struct head head = example();

	expect_same(&head);
	head = (struct head){ .counter = 1 };
	memcpy(head.session, session, sizeof session);
	expect_same(&head);
}
END_TEST

START_TEST(the_largest_head_fits_and_no_larger_is_read)
{
	struct head head = example();

	head.counter = head.generation = head.records = head.offset = head.messages = INT64_MAX;
	head.flags = UINT64_MAX;
	head.created_us = INT64_MIN;
	head.updated_us = INT64_MAX;
	head.name_size = FORMAT_NAME_SIZE_MAX;
	head.project_size = FORMAT_PROJECT_SIZE_MAX;
	head.words_size = FORMAT_WORDS_SIZE_MAX;
	head.tags_size = FORMAT_TAGS_SIZE_MAX;
	memset(head.tags, 't', sizeof head.tags);
	memset(head.former, 0xff, sizeof head.former);
	memset(head.name, 'n', sizeof head.name);
	memset(head.project, 'p', sizeof head.project);
	memset(head.words, 'w', sizeof head.words);
	expect_same(&head);
}
END_TEST

/* Signs a slot anew after a change to its bytes. size: what the MAC covers. */
static void sign(uint8_t *slot, size_t size)
{
	struct mac key = make_key();

	mac_update(&key, slot, size);
	mac_final(&key, slot + size);
}

static bool decodes(const uint8_t *slot, unsigned index)
{
	struct mac key = make_key();
	struct head head = { .counter = 4711 };
	uint8_t *copy = malloc(FORMAT_HEAD_SLOT_SIZE);
	bool is_valid;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, slot, FORMAT_HEAD_SLOT_SIZE);
	is_valid = head_decode(copy, index, session, &key, &head);
	ck_assert(is_valid || head.counter == 4711);
	free(copy);
	return is_valid;
}

enum { SIGNED = 230 };

static void encode_example(uint8_t *slot)
{
	struct head head = example();
	struct mac key = make_key();

	head_encode(&head, &key, slot);
	ck_assert(decodes(slot, 0));
}

START_TEST(each_changed_byte_makes_a_slot_invalid)
{
	uint8_t slot[FORMAT_HEAD_SLOT_SIZE];

	encode_example(slot);
	for (size_t i = 0; i < sizeof slot; i++) {
		slot[i] ^= 0x04;
		ck_assert_msg(!decodes(slot, 0), "byte %zu", i);
		slot[i] ^= 0x04;
	}
}
END_TEST

START_TEST(a_slot_counts_only_at_its_own_place)
{
	uint8_t slot[FORMAT_HEAD_SLOT_SIZE];

	encode_example(slot);
	ck_assert(!decodes(slot, 1));
	ck_assert_uint_eq(head_slot(1), 1);
	ck_assert_uint_eq(head_slot(2), 0);
	ck_assert_uint_eq(head_slot(UINT64_MAX), 1);
}
END_TEST

START_TEST(each_rule_counts_under_a_right_mac_too)
{
	uint8_t slot[FORMAT_HEAD_SLOT_SIZE];

	encode_example(slot);
	slot[6] = '2'; /* the magic */
	sign(slot, SIGNED);
	ck_assert(!decodes(slot, 0));
	encode_example(slot);
	memset(slot + FORMAT_HEAD_COUNTER_AT, 0, 8);
	sign(slot, SIGNED);
	ck_assert(!decodes(slot, 0));
	encode_example(slot);
	slot[FORMAT_HEAD_SESSION_AT + 15] ^= 1;
	sign(slot, SIGNED);
	ck_assert(!decodes(slot, 0));
	encode_example(slot);
	slot[FORMAT_HEAD_FLAGS_AT] = 0x80; /* unknown flags are let through */
	sign(slot, SIGNED);
	ck_assert(decodes(slot, 0));
	encode_example(slot);
	slot[FORMAT_HEAD_FORMER_AT + 8] = 0; /* and so is whatever stands among the former paths */
	slot[FORMAT_HEAD_FORMER_AT + 40] = 1;
	sign(slot, SIGNED);
	ck_assert(decodes(slot, 0));
}
END_TEST

START_TEST(sizes_beyond_their_limits_are_refused_before_they_are_used)
{
	static const struct {
		size_t at;
		uint32_t limit;
	} sizes[] = { { FORMAT_HEAD_NAME_SIZE_AT, 256 }, { FORMAT_HEAD_PROJECT_SIZE_AT, 3072 },
		      { FORMAT_HEAD_WORDS_SIZE_AT, 160 }, { FORMAT_HEAD_TAGS_SIZE_AT, 256 } };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (unsigned over = 0; over < 3; over++) {
			uint32_t size = over == 2 ? UINT32_MAX : sizes[i].limit + over;
			uint8_t slot[FORMAT_HEAD_SLOT_SIZE] = { 0 };

			encode_example(slot);
			memset(slot + SIGNED, 0, MAC_SIZE);
			memset(slot + FORMAT_HEAD_NAME_SIZE_AT, 0, 16);
			for (unsigned k = 0; k < 4; k++)
				slot[sizes[i].at + k] = (uint8_t)(size >> (24 - 8 * k));
			if (over < 2)
				sign(slot, FORMAT_HEAD_TEXT_AT + size);
			ck_assert(decodes(slot, 0) == (over == 0));
		}
	}
}
END_TEST

START_TEST(numbers_beyond_63_bits_are_refused)
{
	static const size_t places[] = { FORMAT_HEAD_COUNTER_AT, FORMAT_HEAD_GENERATION_AT,
					 FORMAT_HEAD_RECORDS_AT, FORMAT_HEAD_OFFSET_AT,
					 FORMAT_HEAD_MESSAGES_AT };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		uint8_t slot[FORMAT_HEAD_SLOT_SIZE];

		encode_example(slot);
		slot[places[i]] |= 0x80;
		sign(slot, SIGNED);
		ck_assert(!decodes(slot, 0));
	}
}
END_TEST

START_TEST(an_empty_slot_claims_nothing)
{
	uint8_t slot[FORMAT_HEAD_SLOT_SIZE] = { 0 };
	char key_id[FORMAT_KEY_ID_SIZE];

	memset(key_id, 'x', sizeof key_id);
	ck_assert(!head_claims_key(slot, key_id));
	ck_assert_int_eq(key_id[0], 'x');
	ck_assert(!decodes(slot, 0));
}
END_TEST

/* The digests were computed with Python. */
START_TEST(a_former_path_is_the_beginning_of_its_sha_256)
{
	uint8_t digest[FORMAT_FORMER_SIZE];

	head_digest_path("/home/me/project", 16, digest);
	ck_assert_mem_eq(digest, "\x22\x5d\xf3\x09\x40\x12\xa2\x13", 8);
	head_digest_path("", 0, digest);
	ck_assert_mem_eq(digest, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("head");
	TCase *head = tcase_create("head");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(head, a_slot_is_laid_out_as_the_format_says);
	tcase_add_test(head, what_is_written_is_read_again);
	tcase_add_test(head, the_largest_head_fits_and_no_larger_is_read);
	tcase_add_test(head, each_changed_byte_makes_a_slot_invalid);
	tcase_add_test(head, a_slot_counts_only_at_its_own_place);
	tcase_add_test(head, each_rule_counts_under_a_right_mac_too);
	tcase_add_test(head, sizes_beyond_their_limits_are_refused_before_they_are_used);
	tcase_add_test(head, numbers_beyond_63_bits_are_refused);
	tcase_add_test(head, an_empty_slot_claims_nothing);
	tcase_add_test(head, a_former_path_is_the_beginning_of_its_sha_256);
	suite_add_tcase(suite, head);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
