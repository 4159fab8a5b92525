/* SPDX-License-Identifier: MIT */
/* Goal: a digest of pieces is that of the whole. Method: the examples of FIPS 180-4 and one
 * that `sha256sum` computed, cut in every place. */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "lib/runner.h"

static const struct example {
	const char *text;
	const char *hex;
} examples[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void assert_digest(struct digest *digest, const char *hex)
{
	uint8_t bytes[DIGEST_SIZE];
	char text[2 * DIGEST_SIZE + 1] = "";

	digest_final(digest, bytes);
	text_put_hex(bytes, sizeof bytes, text);
	ck_assert_str_eq(text, hex);
}

START_TEST(pieces_give_the_digest_of_the_whole)
{
	const struct example *example = &examples[_i];
	size_t size = strlen(example->text);
	struct digest digest;

	digest_init(&digest);
	for (size_t cut = 0; cut <= size; cut++) {
		digest_update(&digest, example->text, cut);
		digest_update(&digest, example->text + cut, size - cut);
		/* It begins anew each time. */
		assert_digest(&digest, example->hex);
	}
}
END_TEST

START_TEST(a_copy_gives_the_digest_on_the_way)
{
	struct digest digest, copy;

	digest_init(&digest);
	digest_update(&digest, "abc", 3);
	copy = digest;
	digest_update(&digest, "x", 1);
	assert_digest(&copy, examples[1].hex);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tcase = runner_cases(suite, "digest", 10);

	tcase_add_loop_test(tcase, pieces_give_the_digest_of_the_whole, 0, 3);
	tcase_add_test(tcase, a_copy_gives_the_digest_on_the_way);
	return runner_run(suite);
}
