/* SPDX-License-Identifier: MIT */
/*
 * Goal: a session's keys are those that docs/FORMAT.md gives. Method: MACs of "abc" that
 * Python computed from that page, for a known secret, the weak key and two generations.
 */
#include "base/text.h"
#include "keys_fixture.h"

struct vector {
	const char *key_id;
	uint64_t generation;
	const char *record;
	const char *head;
};

static const struct vector vectors[] = {
	{ KNOWN_ID, 0, "9d2442b311b47b1b7561fc922ca9c885a6692629c2b70833293bca2675a0420b",
	  "8993a281a220cca46e6838020970338b429529d35193e0fc5c904d936977eddf" },
	{ KNOWN_ID, 0x0102030405060708,
	  "dc222d017482f4b28a1de881a862566acfc9a47497309ef4f9fd700fe77daa10",
	  "8993a281a220cca46e6838020970338b429529d35193e0fc5c904d936977eddf" },
	{ KNOWN_WEAK_ID, 0, "61bb5a6c1f9750865199bb60c593528779b062889c3c744a00ebb6256e64bc51",
	  "b024ab334d28092d62410949a91fa042284371926d66fe07918f471b68c100a6" },
	{ KNOWN_WEAK_ID, 0x0102030405060708,
	  "6d00f2289b71a659b996132ccb6996787691c6ad44fb717d59a437f78dcf7064",
	  "b024ab334d28092d62410949a91fa042284371926d66fe07918f471b68c100a6" },
};

static struct fixture fixture;
static struct keyring *keyring;
static uint8_t session[16];

static void setup(void)
{
	fixture_open(&fixture);
	fixture_put_secret(&fixture);
	keyring = fixture_keyring(&fixture);
	for (unsigned i = 0; i < sizeof session; i++)
		session[i] = (uint8_t)(0xa0 + i);
}

static void teardown(void)
{
	keyring_close(keyring);
	fixture_close(&fixture);
}

static void assert_mac(struct mac *mac, const char *wanted)
{
	uint8_t result[MAC_SIZE];
	char text[2 * MAC_SIZE + 1] = "";

	mac_update(mac, "abc", 3);
	mac_final(mac, result);
	text_put_hex(result, sizeof result, text);
	ck_assert_str_eq(text, wanted);
}

static struct session_key *key_of(const struct vector *vector)
{
	struct session_key *key = NULL;

	ck_assert_int_eq(session_key_new(keyring, &fixture.report, vector->key_id, session,
					 vector->generation, &key), HF_OK);
	ck_assert(session_key_is_ready(keyring, key));
	return key;
}

START_TEST(keys_are_those_of_the_format)
{
	const struct vector *vector = &vectors[_i];
	struct session_key *key = key_of(vector);

	assert_mac(&key->record, vector->record);
	assert_mac(&key->head, vector->head);
	session_key_free(keyring, key);
}
END_TEST

START_TEST(a_copy_is_the_same_key_in_its_own_memory)
{
	struct session_key *key = key_of(&vectors[0]);
	struct session_key *copy = NULL;

	ck_assert_int_eq(session_key_copy(keyring, &fixture.report, key, &copy), HF_OK);
	session_key_free(keyring, key);
	assert_mac(&copy->record, vectors[0].record);
	assert_mac(&copy->head, vectors[0].head);
	session_key_free(keyring, copy);
	session_key_free(keyring, NULL);
}
END_TEST

START_TEST(another_session_or_store_has_other_keys)
{
	struct keyring_options options = fixture_options(&fixture);
	struct keyring *elsewhere = NULL;
	struct session_key *key = NULL;
	struct session_key *known = key_of(&vectors[0]);
	uint8_t other[16] = { 0 };
	int fd = dup(fixture.keys.fd);

	ck_assert_int_eq(session_key_new(keyring, &fixture.report, KNOWN_ID, other, 0, &key), HF_OK);
	ck_assert_mem_ne(&key->record, &known->record, sizeof key->record);
	ck_assert_mem_ne(&key->head, &known->head, sizeof key->head);
	session_key_free(keyring, key);
	ck_assert_int_eq(keyring_open(sys_posix(), &fixture.report, fd, other, &options, &elsewhere),
			 HF_OK);
	ck_assert_int_eq(session_key_new(elsewhere, &fixture.report, KNOWN_ID, session, 0, &key),
			 HF_OK);
	ck_assert_mem_ne(&key->record, &known->record, sizeof key->record);
	ck_assert_mem_ne(&key->head, &known->head, sizeof key->head);
	session_key_free(elsewhere, key);
	ck_assert_int_eq(session_key_new(elsewhere, &fixture.report, KNOWN_WEAK_ID, session, 0, &key),
			 HF_ERR_KEY_MISSING);
	keyring_close(elsewhere);
	session_key_free(keyring, known);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session key");
	TCase *tcase = tcase_create("session key");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, keys_are_those_of_the_format, 0, (int)ARRAY_SIZE(vectors));
	tcase_add_test(tcase, a_copy_is_the_same_key_in_its_own_memory);
	tcase_add_test(tcase, another_session_or_store_has_other_keys);
	suite_add_tcase(suite, tcase);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
