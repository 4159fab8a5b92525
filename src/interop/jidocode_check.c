/* SPDX-License-Identifier: MIT */
#include "interop/jidocode_check.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/mac.h"
#include "interop/fact.h"
#include "interop/jidocode_canonical.h"
#include "interop/jidocode_key.h"
#include "interop/jidocode_parse.h"
#include "interop/jidocode_schema.h"
#include "json/read.h"

enum { SALTS_MAX = 2 };

/* The keys that may have signed it. */
struct keys {
	struct mac macs[SALTS_MAX];
	size_t count;
};

static int put_macs(void *context, const char *bytes, size_t size)
{
	struct keys *keys = context;

	for (size_t i = 0; i < keys->count; i++)
		mac_update(&keys->macs[i], bytes, size);
	return HF_OK;
}

/* Makes the keys of the salt that was given, or of those that JidoCode is built with. */
static int make_keys(const struct import_env *env, const struct jidocode_secret *secret,
		     struct keys *ret_keys)
{
	const char *given = env->options->salt;
	const char *salt = given != NULL ? given : jidocode_key_salt(0);
	struct keys keys = { .count = 0 };
	uint8_t key[KDF_SIZE];
	int rc = HF_OK;

	while (rc == HF_OK && salt != NULL && keys.count < SALTS_MAX) {
		rc = jidocode_key_derive(secret, salt, env->report, key);
		if (rc == HF_OK)
			mac_init(&keys.macs[keys.count++], key);
		salt = given != NULL ? NULL : jidocode_key_salt(keys.count);
	}
	if (rc == HF_OK)
		*ret_keys = keys;
	mem_wipe(&keys, sizeof keys);
	mem_wipe(key, sizeof key);
	return rc;
}

/* Whether a signature is that of a MAC, in a time that does not tell where they differ. */
static bool is_signature(const char signature[static JIDOCODE_SIGNATURE_SIZE],
			 const uint8_t mac[static MAC_SIZE])
{
	char expected[JIDOCODE_SIGNATURE_SIZE];
	unsigned different = 0;

	jidocode_key_signature(mac, expected);
	for (size_t i = 0; i < sizeof expected; i++)
		different |= (unsigned char)(expected[i] ^ signature[i]);
	return different == 0;
}

/* Whether one of the keys has signed the text in one order of large objects. */
static int try_order(struct hf_slice text, const char *signature, struct keys *keys,
		     struct jidocode_form *form, bool *ret_match)
{
	uint8_t found[MAC_SIZE];
	bool match = false;
	int rc;

	form->leave_signature = true;
	form->put = put_macs;
	form->context = keys;
	rc = jidocode_canonical_put(text, form);
	for (size_t i = 0; i < keys->count; i++) {
		mac_final(&keys->macs[i], found);
		match |= is_signature(signature, found);
	}
	mem_wipe(found, sizeof found);
	if (rc == HF_OK)
		*ret_match = match;
	return rc;
}

/*
 * Tries both orders of large objects, if there are any: that of the release which this
 * writes for, and the order found, in which another release has signed them. Either way all
 * of the text's contents are covered.
 */
static int try_keys(const struct import_env *env, struct hf_slice text, const char *signature,
		    const struct jidocode_secret *secret)
{
	bool has_large = false;
	struct jidocode_form form = { .order = JIDOCODE_ORDER_OTP25, .has_large = &has_large };
	struct keys keys;
	bool match = false;
	int rc = make_keys(env, secret, &keys);

	if (rc != HF_OK)
		return rc;
	rc = try_order(text, signature, &keys, &form, &match);
	if (rc == HF_OK && !match && has_large) {
		form.order = JIDOCODE_ORDER_FOUND;
		rc = try_order(text, signature, &keys, &form, &match);
	}
	mem_wipe(&keys, sizeof keys);
	if (rc == HF_ERR_JSON)
		return report_fail(env->report, rc, "signature", "a number is too large");
	if (rc == HF_OK && !match)
		return report_fail(env->report, HF_ERR_SIGNATURE, "signature",
				   "the signature does not match for the host \"%s\"", secret->host);
	return rc;
}

static int check_signature(const struct import_env *env, struct hf_slice text,
			   struct hf_slice signature)
{
	char path[FACT_PATH_SIZE];
	char given[JIDOCODE_SIGNATURE_SIZE + 1];
	struct jidocode_secret secret;
	int rc = HF_OK;

	if (json_text(signature, given, sizeof given) != JIDOCODE_SIGNATURE_SIZE)
		return report_fail(env->report, HF_ERR_SIGNATURE, "signature",
				   "the signature is not one of HMAC-SHA256");
	if (env->options->secret_path != NULL)
		text_copy(path, sizeof path, env->options->secret_path);
	else
		rc = jidocode_key_path(env->report, path, sizeof path);
	if (rc == HF_OK)
		rc = jidocode_key_load(env->sys, env->report, path, env->options->host, &secret);
	if (rc != HF_OK)
		return rc;
	rc = try_keys(env, text, given, &secret);
	jidocode_key_wipe(&secret);
	return rc;
}

/* Whether all of it can be decoded as JidoCode does: its numbers too. */
static int put_nothing(void *context, const char *bytes, size_t size)
{
	(void)context, (void)bytes, (void)size;
	return HF_OK;
}

static int check_unsigned(const struct import_env *env, struct hf_slice text)
{
	struct jidocode_form form = { .put = put_nothing };
	int rc;

	if (!env->options->allow_unsigned)
		return report_fail(env->report, HF_ERR_UNSIGNED, "signature",
				   "the session has no signature");
	rc = jidocode_canonical_put(text, &form);
	if (rc == HF_ERR_JSON)
		return report_fail(env->report, rc, "signature", "a number is too large");
	return rc;
}

int jidocode_check_text(const struct import_env *env, struct hf_slice text, bool *ret_is_unsigned)
{
	struct hf_slice signature = { NULL, 0 };
	const char *fault;
	size_t offset = 0;
	bool is_unsigned;
	int rc;

	if (jidocode_parse_check(text, false, &offset) != HF_OK) {
		rc = report_fail(env->report, HF_ERR_JSON, "session", "not JSON at byte %zu", offset);
		report_place(env->report, -1, (int64_t)offset, -1);
		return rc;
	}
	if (json_kind(text) != JSON_OBJECT)
		return report_fail(env->report, HF_ERR_FOREIGN, "session", "it is no object");
	is_unsigned = !json_member(text, "signature", &signature) ||
		      json_kind(signature) == JSON_NULL;
	rc = is_unsigned ? check_unsigned(env, text) : check_signature(env, text, signature);
	if (rc != HF_OK)
		return rc;
	fault = jidocode_schema_fault(text);
	if (fault != NULL)
		return report_fail(env->report, HF_ERR_FOREIGN, "session", "%s", fault);
	*ret_is_unsigned = is_unsigned;
	return HF_OK;
}
