/* SPDX-License-Identifier: MIT */
/*
 * Goal: a buffer never exceeds its maximum, and a refused call leaves it as it was. Method:
 * puts around the maximum, with and without memory, for each size near it.
 */
#include <check.h>
#include <string.h>

#include "base/buffer.h"
#include "holdfast.h"
#include "lib/alloc_fault.h"

START_TEST(an_empty_buffer_takes_nothing_without_memory)
{
	struct buffer buffer = BUFFER_INIT(10);

	ck_assert_int_eq(buffer_put(&buffer, NULL, 0), HF_OK);
	ck_assert_ptr_null(buffer.data);
	ck_assert_uint_eq(buffer.size, 0);
	buffer_release(&buffer);
	buffer_release(&buffer);
}
END_TEST

START_TEST(texts_and_numbers_are_joined)
{
	struct buffer buffer = BUFFER_INIT(100);

	ck_assert_int_eq(buffer_put_text(&buffer, "n="), HF_OK);
	ck_assert_int_eq(buffer_put_u64(&buffer, UINT64_MAX), HF_OK);
	ck_assert_int_eq(buffer_put(&buffer, "\0x", 2), HF_OK);
	ck_assert_uint_eq(buffer.size, 24);
	ck_assert_mem_eq(buffer.data, "n=18446744073709551615\0x", 24);
	buffer_release(&buffer);
	ck_assert_ptr_null(buffer.data);
	ck_assert_uint_eq(buffer.size + buffer.room, 0);
}
END_TEST

START_TEST(the_maximum_is_reached_and_never_exceeded)
{
	for (size_t max = 0; max < 600; max++) {
		struct buffer buffer = BUFFER_INIT(max);

		for (size_t i = 0; i < max; i++)
			ck_assert_int_eq(buffer_put(&buffer, &"abc"[i % 3], 1), HF_OK);
		ck_assert_uint_eq(buffer.size, max);
		ck_assert_int_eq(buffer_put(&buffer, "x", 1), HF_ERR_SESSION_SIZE);
		ck_assert_int_eq(buffer_put_text(&buffer, "xyz"), HF_ERR_SESSION_SIZE);
		ck_assert_int_eq(buffer_put_u64(&buffer, 7), HF_ERR_SESSION_SIZE);
		ck_assert_uint_eq(buffer.size, max);
		ck_assert_uint_le(buffer.room, max);
		for (size_t i = 0; i < max; i++)
			ck_assert_int_eq(buffer.data[i], "abc"[i % 3]);
		buffer_release(&buffer);
	}
}
END_TEST

START_TEST(no_size_overflows)
{
	struct buffer buffer = BUFFER_INIT(SIZE_MAX / 2);

	ck_assert_int_eq(buffer_put(&buffer, "abc", 3), HF_OK);
	ck_assert_int_eq(buffer_reserve(&buffer, SIZE_MAX), HF_ERR_SESSION_SIZE);
	ck_assert_int_eq(buffer_reserve(&buffer, SIZE_MAX - 2), HF_ERR_SESSION_SIZE);
	ck_assert_int_eq(buffer_reserve(&buffer, SIZE_MAX / 2 - 2), HF_ERR_SESSION_SIZE);
	ck_assert_uint_eq(buffer.size, 3);
	ck_assert_mem_eq(buffer.data, "abc", 3);
	buffer_release(&buffer);
}
END_TEST

START_TEST(reserved_room_is_there_and_counts_for_nothing)
{
	struct buffer buffer = BUFFER_INIT(5000);
	char *data;

	ck_assert_int_eq(buffer_reserve(&buffer, 4000), HF_OK);
	ck_assert_uint_eq(buffer.size, 0);
	ck_assert_uint_ge(buffer.room, 4000);
	data = buffer.data;
	memset(buffer.data, 'x', 4000);
	for (unsigned i = 0; i < 4000; i++)
		ck_assert_int_eq(buffer_put(&buffer, "y", 1), HF_OK);
	ck_assert_ptr_eq(buffer.data, data);
	buffer_release(&buffer);
}
END_TEST

START_TEST(a_buffer_on_the_stack_is_used_up_to_its_end)
{
	char field[8];
	struct buffer buffer = { field, 0, sizeof field, sizeof field };

	ck_assert_int_eq(buffer_put(&buffer, "12345678", 8), HF_OK);
	ck_assert_ptr_eq(buffer.data, field);
	ck_assert_int_eq(buffer_put(&buffer, "9", 1), HF_ERR_SESSION_SIZE);
}
END_TEST

START_TEST(without_memory_the_contents_stay)
{
	struct buffer buffer = BUFFER_INIT(SIZE_MAX / 2);
	static const char more[4096];
	int rc;

	ck_assert_int_eq(buffer_put(&buffer, "abc", 3), HF_OK);
	alloc_fault_fail(1, true);
	rc = buffer_put(&buffer, more, sizeof more);
	alloc_fault_stop();
	ck_assert_int_eq(rc, HF_ERR_NOMEM);
	ck_assert(alloc_fault_fired());
	ck_assert_uint_eq(buffer.size, 3);
	ck_assert_mem_eq(buffer.data, "abc", 3);
	ck_assert_int_eq(buffer_put(&buffer, more, sizeof more), HF_OK);
	buffer_release(&buffer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("buffer");
	TCase *buffer = tcase_create("buffer");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(buffer, an_empty_buffer_takes_nothing_without_memory);
	tcase_add_test(buffer, texts_and_numbers_are_joined);
	tcase_add_test(buffer, the_maximum_is_reached_and_never_exceeded);
	tcase_add_test(buffer, no_size_overflows);
	tcase_add_test(buffer, reserved_room_is_there_and_counts_for_nothing);
	tcase_add_test(buffer, a_buffer_on_the_stack_is_used_up_to_its_end);
	tcase_add_test(buffer, without_memory_the_contents_stay);
	suite_add_tcase(suite, buffer);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
