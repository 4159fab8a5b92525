/* SPDX-License-Identifier: MIT */
/*
 * Goal: of the two slots of a head the right one counts. Method: each pair of good, older,
 * damaged, weak and unknown slots.
 */
#include <check.h>
#include <string.h>

#include "lib/log_rig.h"
#include "log/found.h"

enum kind { EMPTY, NEWER, OLDER, DAMAGED, WEAK, UNKNOWN };

struct fixture {
	struct log_rig rig;
	struct storage_id id;
	char weak_id[FORMAT_KEY_ID_SIZE];
	uint8_t slots[STORAGE_HEAD_SIZE];
};

static void open_fixture(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	log_rig_open(&f->rig);
	f->id = log_rig_id(1);
	memcpy(f->weak_id, "weak0e3cce4a8804", sizeof f->weak_id);
}

/* Fills a slot. The newer of two has the larger counter at any place. */
static void put(struct fixture *f, unsigned place, enum kind kind)
{
	uint8_t *slot = f->slots + (size_t)place * STORAGE_HEAD_SLOT_SIZE;
	struct head head = { .counter = (kind == OLDER ? 10 : kind == WEAK ? 90 : 20) + place };
	struct session_key *key = NULL;
	const char *key_id = kind == WEAK ? f->weak_id : RIG_KEY_ID;

	memset(slot, 0, STORAGE_HEAD_SLOT_SIZE);
	if (kind == EMPTY)
		return;
	head.records = head.counter;
	memcpy(head.session, f->id.bytes, sizeof head.session);
	memcpy(head.key_id, kind == UNKNOWN ? RIG_KEY_ID_UNKNOWN : key_id, sizeof head.key_id);
	ck_assert_int_eq(session_key_new(f->rig.keyring, &f->rig.report, key_id, f->id.bytes, 0, &key),
			 HF_OK);
	head_encode(&head, &key->head, slot);
	session_key_free(f->rig.keyring, key);
	if (kind == DAMAGED)
		slot[60] ^= 1;
}

static struct found_head find(struct fixture *f, enum kind first, enum kind second)
{
	struct found_head found = { .is_key_missing = true };

	put(f, 0, first);
	put(f, 1, second);
	ck_assert_int_eq(found_find(&f->rig.env, &f->rig.report, f->id, f->slots, &found), HF_OK);
	return found;
}

/* In both orders: what counts, by its counter less its place, and whether a key is missing. */
static void expect(struct fixture *f, enum kind a, enum kind b, uint64_t counter,
		   bool is_key_missing)
{
	for (unsigned order = 0; order < 2; order++) {
		struct found_head found = order == 0 ? find(f, a, b) : find(f, b, a);

		ck_assert_msg(found.is_valid == (counter > 0), "%d and %d", (int)a, (int)b);
		ck_assert_msg(found.is_key_missing == is_key_missing, "%d and %d", (int)a, (int)b);
		ck_assert_uint_eq(found.head.counter / 10 * 10, counter);
		ck_assert_uint_eq(found.head.records, found.head.counter);
	}
}

START_TEST(the_valid_slot_with_the_larger_counter_counts)
{
	struct fixture f;

	open_fixture(&f);
	expect(&f, NEWER, OLDER, 20, false);
	expect(&f, NEWER, EMPTY, 20, false);
	expect(&f, NEWER, DAMAGED, 20, false);
	expect(&f, OLDER, DAMAGED, 10, false);
	expect(&f, OLDER, EMPTY, 10, false);
	expect(&f, OLDER, UNKNOWN, 10, false);
	log_rig_close(&f.rig);
}
END_TEST

START_TEST(without_a_valid_slot_there_is_none_or_a_key_is_missing)
{
	struct fixture f;

	open_fixture(&f);
	expect(&f, EMPTY, EMPTY, 0, false);
	expect(&f, EMPTY, DAMAGED, 0, false);
	expect(&f, DAMAGED, DAMAGED, 0, false);
	expect(&f, UNKNOWN, EMPTY, 0, true);
	expect(&f, UNKNOWN, UNKNOWN, 0, true);
	expect(&f, UNKNOWN, DAMAGED, 0, true);
	log_rig_close(&f.rig);
}
END_TEST

/* Anybody can sign with the weak key, and so with any counter. */
START_TEST(a_weak_slot_never_counts_beside_a_strong_one)
{
	struct fixture f;

	open_fixture(&f);
	expect(&f, WEAK, OLDER, 10, false);
	expect(&f, WEAK, NEWER, 20, false);
	expect(&f, WEAK, EMPTY, 90, false);
	expect(&f, WEAK, WEAK, 90, false);
	expect(&f, WEAK, DAMAGED, 90, false);
	log_rig_close(&f.rig);
}
END_TEST

START_TEST(a_slot_of_another_session_does_not_count)
{
	struct fixture f;
	struct found_head found;

	open_fixture(&f);
	put(&f, 0, NEWER);
	put(&f, 1, NEWER);
	ck_assert_int_eq(found_find(&f.rig.env, &f.rig.report, log_rig_id(2), f.slots, &found), HF_OK);
	ck_assert(!found.is_valid && !found.is_key_missing);
	log_rig_close(&f.rig);
}
END_TEST

START_TEST(a_head_that_is_nothing_is_told_from_one_whose_log_is_gone)
{
	static const struct {
		struct head head;
		bool is_nothing;
	} rows[] = {
		{ { .records = 0 }, true },
		{ { .records = 1 }, true },
		{ { .records = 2 }, false },
		{ { .records = 1, .generation = 1 }, false },
		{ { .records = 1, .flags = FORMAT_HEAD_SEALED }, true },
		{ { .records = 9, .flags = FORMAT_HEAD_SEALED }, false },
		{ { .records = 9, .flags = FORMAT_HEAD_DELETED }, true },
		{ { .records = 9, .generation = 4, .flags = FORMAT_HEAD_DELETED | 1 }, true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_msg(found_is_nothing(&rows[i].head) == rows[i].is_nothing, "row %zu", i);
}
END_TEST

/* Whatever stands in the slots, a listing takes the head that an opening takes. */
START_TEST(a_listing_finds_the_same_head_as_an_opening)
{
	struct fixture f;

	open_fixture(&f);
	for (unsigned a = EMPTY; a <= UNKNOWN; a++) {
		for (unsigned b = EMPTY; b <= UNKNOWN; b++) {
			struct found_head found = find(&f, (enum kind)a, (enum kind)b);
			struct found_head peeked = { .is_key_missing = true };

			ck_assert_int_eq(found_peek(&f.rig.env, &f.rig.report, f.id, f.slots, &peeked),
					 HF_OK);
			ck_assert_msg(peeked.is_valid == found.is_valid &&
					      peeked.is_key_missing == found.is_key_missing &&
					      peeked.head.counter == found.head.counter,
				      "%u and %u", a, b);
		}
	}
	log_rig_close(&f.rig);
}
END_TEST

/* Fills both slots with heads that differ in their counters and, if that is wanted, in the
 * flags; returns the newer one. */
static struct head put_twice(struct fixture *f, uint64_t records, bool is_other)
{
	struct head head = { .records = records, .name_size = 4, .name = "name" };
	struct session_key *key = NULL;

	memcpy(head.session, f->id.bytes, sizeof head.session);
	memcpy(head.key_id, RIG_KEY_ID, sizeof head.key_id);
	ck_assert_int_eq(session_key_new(f->rig.keyring, &f->rig.report, RIG_KEY_ID, f->id.bytes, 0,
					 &key), HF_OK);
	for (head.counter = 6; head.counter <= 7; head.counter++) {
		head.name[3] = head.counter == 6 && is_other ? 'E' : 'e';
		head_encode(&head, &key->head,
			    f->slots + (size_t)head_slot(head.counter) * STORAGE_HEAD_SLOT_SIZE);
	}
	session_key_free(f->rig.keyring, key);
	head.counter = 7;
	return head;
}

START_TEST(a_settled_head_has_the_same_in_both_slots)
{
	struct fixture f;
	struct head head;

	open_fixture(&f);
	head = put_twice(&f, 9, false);
	ck_assert(found_is_settled(f.slots, &head));
	head = put_twice(&f, 9, true);
	ck_assert(!found_is_settled(f.slots, &head));
	/* A session that was just made looks like that as long as nothing is appended. */
	head = put_twice(&f, 1, false);
	ck_assert(!found_is_settled(f.slots, &head));
	head = put_twice(&f, 2, false);
	f.slots[0] = 0;
	ck_assert(!found_is_settled(f.slots, &head));
	log_rig_close(&f.rig);
}
END_TEST

START_TEST(a_head_is_expected_to_be_as_it_was_seen)
{
	struct fixture f;
	struct head head, seen;

	open_fixture(&f);
	head = put_twice(&f, 9, false);
	ck_assert_int_eq(found_expect(&f.rig.env, &f.rig.report, f.id, &head), HF_ERR_CONFLICT);
	ck_assert_int_eq(f.rig.env.storage->ops->create(f.rig.env.storage, &f.rig.report, f.id, f.slots,
							"", 0), HF_OK);
	ck_assert_int_eq(found_expect(&f.rig.env, &f.rig.report, f.id, &head), HF_OK);
	seen = head;
	seen.counter--;
	ck_assert_int_eq(found_expect(&f.rig.env, &f.rig.report, f.id, &seen), HF_ERR_CONFLICT);
	seen = head;
	seen.mac[31] ^= 1;
	ck_assert_int_eq(found_expect(&f.rig.env, &f.rig.report, f.id, &seen), HF_ERR_CONFLICT);
	ck_assert_int_eq(found_expect(&f.rig.env, &f.rig.report, log_rig_id(2), &head),
			 HF_ERR_CONFLICT);
	log_rig_close(&f.rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("found");
	TCase *found = tcase_create("found");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(found, the_valid_slot_with_the_larger_counter_counts);
	tcase_add_test(found, without_a_valid_slot_there_is_none_or_a_key_is_missing);
	tcase_add_test(found, a_weak_slot_never_counts_beside_a_strong_one);
	tcase_add_test(found, a_listing_finds_the_same_head_as_an_opening);
	tcase_add_test(found, a_settled_head_has_the_same_in_both_slots);
	tcase_add_test(found, a_head_is_expected_to_be_as_it_was_seen);
	tcase_add_test(found, a_slot_of_another_session_does_not_count);
	tcase_add_test(found, a_head_that_is_nothing_is_told_from_one_whose_log_is_gone);
	suite_add_tcase(suite, found);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
