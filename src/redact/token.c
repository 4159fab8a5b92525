/* SPDX-License-Identifier: MIT */
#include "redact/token.h"

#include <string.h>

#include "redact/chars.h"
#include "redact/look.h"

enum { BODY_MAX = 512 };

/* What the body, the characters behind the prefix, must be like. */
enum body {
	BODY_ALNUM, /* letters and digits */
	BODY_WORD, /* these, '-' and '_' */
	BODY_UPPER, /* capitals and digits */
	BODY_HEX,
	BODY_RANDOM, /* as BODY_WORD, and it is no name of words with dashes between */
};

struct rule {
	const char *prefix;
	const char *kind;
	enum body body;
	unsigned min; /* characters of the body, which is the rest of the word */
	unsigned max;
};

/* In the order of the first character; of two that fit the first one that matches is taken. */
static const struct rule rules[] = {
	{ "AGE-SECRET-KEY-1", "age-key", BODY_UPPER, 58, 58 },
	{ "AIza", "google-api-key", BODY_WORD, 35, 35 },
	{ "AKIA", "aws-access-key-id", BODY_UPPER, 16, 16 },
	{ "ASIA", "aws-access-key-id", BODY_UPPER, 16, 16 },
	{ "ABIA", "aws-access-key-id", BODY_UPPER, 16, 16 },
	{ "ACCA", "aws-access-key-id", BODY_UPPER, 16, 16 },
	{ "ATATT3", "atlassian-token", BODY_WORD, 60, BODY_MAX },
	{ "GOCSPX-", "google-oauth-secret", BODY_WORD, 24, 40 },
	{ "PMAK-", "postman-key", BODY_WORD, 59, 59 },
	{ "SK", "twilio-key", BODY_HEX, 32, 32 },
	{ "dapi", "databricks-token", BODY_HEX, 32, 32 },
	{ "dckr_pat_", "docker-token", BODY_WORD, 27, 40 },
	{ "doo_v1_", "digitalocean-token", BODY_HEX, 64, 64 },
	{ "dop_v1_", "digitalocean-token", BODY_HEX, 64, 64 },
	{ "dor_v1_", "digitalocean-token", BODY_HEX, 64, 64 },
	{ "figd_", "figma-token", BODY_WORD, 38, 60 },
	{ "ghp_", "github-token", BODY_ALNUM, 36, 255 },
	{ "gho_", "github-token", BODY_ALNUM, 36, 255 },
	{ "ghu_", "github-token", BODY_ALNUM, 36, 255 },
	{ "ghs_", "github-token", BODY_WORD, 36, BODY_MAX },
	{ "ghr_", "github-token", BODY_ALNUM, 36, 255 },
	{ "github_pat_", "github-token", BODY_WORD, 50, 255 },
	{ "glpat-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "gldt-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glrt-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glptt-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glcbt-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glsoat-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glft-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glimt-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glagent-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "gloas-", "gitlab-token", BODY_WORD, 20, 255 },
	{ "glsa_", "grafana-token", BODY_WORD, 40, 60 },
	{ "gsk_", "groq-key", BODY_ALNUM, 40, 64 },
	{ "hf_", "huggingface-token", BODY_ALNUM, 30, 40 },
	{ "lin_api_", "linear-key", BODY_ALNUM, 32, 64 },
	{ "npm_", "npm-token", BODY_ALNUM, 36, 36 },
	{ "ntn_", "notion-token", BODY_ALNUM, 40, 60 },
	{ "nvapi-", "nvidia-key", BODY_WORD, 60, 80 },
	{ "pplx-", "perplexity-key", BODY_ALNUM, 48, 64 },
	{ "pul-", "pulumi-token", BODY_HEX, 40, 40 },
	{ "pypi-AgE", "pypi-token", BODY_WORD, 50, BODY_MAX },
	{ "r8_", "replicate-token", BODY_ALNUM, 37, 40 },
	{ "rk_live_", "stripe-key", BODY_ALNUM, 16, 255 },
	{ "rk_test_", "stripe-key", BODY_ALNUM, 16, 255 },
	{ "rubygems_", "rubygems-token", BODY_HEX, 48, 48 },
	{ "shpat_", "shopify-token", BODY_HEX, 32, 32 },
	{ "shpca_", "shopify-token", BODY_HEX, 32, 32 },
	{ "shppa_", "shopify-token", BODY_HEX, 32, 32 },
	{ "shpss_", "shopify-token", BODY_HEX, 32, 32 },
	{ "sk-ant-", "anthropic-key", BODY_WORD, 24, 255 },
	{ "sk-or-v1-", "openrouter-key", BODY_HEX, 64, 64 },
	{ "sk-proj-", "openai-key", BODY_WORD, 40, 255 },
	{ "sk-svcacct-", "openai-key", BODY_WORD, 40, 255 },
	{ "sk-admin-", "openai-key", BODY_WORD, 40, 255 },
	{ "sk-", "openai-key", BODY_RANDOM, 20, 255 },
	{ "sk_live_", "stripe-key", BODY_ALNUM, 16, 255 },
	{ "sk_test_", "stripe-key", BODY_ALNUM, 16, 255 },
	{ "sntrys_", "sentry-token", BODY_WORD, 60, BODY_MAX },
	{ "whsec_", "stripe-key", BODY_ALNUM, 24, 255 },
	{ "xai-", "xai-key", BODY_ALNUM, 60, 100 },
	{ "xapp-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxa-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxb-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxe-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxo-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxp-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxr-", "slack-token", BODY_WORD, 20, 255 },
	{ "xoxs-", "slack-token", BODY_WORD, 20, 255 },
};

static unsigned classes_of(enum body body)
{
	switch (body) {
	case BODY_ALNUM:
		return CHARS_ALNUM;
	case BODY_UPPER:
		return CHARS_UPPER | CHARS_DIGIT;
	case BODY_HEX:
		return CHARS_HEX;
	case BODY_WORD:
	case BODY_RANDOM:
	default:
		return CHARS_WORD;
	}
}

/* What documents show in place of a key: AKIAIOSFODNN7EXAMPLE, ghp_xxxxxxxx... */
static bool is_shown(const char *body, size_t size)
{
	struct look look;

	look_at(body, size, &look);
	return look_has(body, size, "example") || look_has(body, size, "xxxxx") ||
	       look_has(body, size, "your") || look.entropy < 1900;
}

static bool is_body(const struct rule *rule, const char *body, size_t size)
{
	struct look look;

	if (size < rule->min || size > rule->max || is_shown(body, size))
		return false;
	look_at(body, size, &look);
	if (rule->body == BODY_RANDOM)
		return (look.joints == 0 && look.digits >= 2 && size >= 32) ||
		       look_is_random(body, size) || look_is_random_digits(body, size);
	/* Names with dashes have the shape too, but hardly a digit. */
	return rule->body != BODY_WORD || look.digits >= 2 || look.changes * 5 >= look.size * 2;
}

static bool match(const struct rule *rule, struct hf_slice text, size_t at, size_t end,
		  struct redact_hit *ret_hit)
{
	size_t prefix_size = strlen(rule->prefix);
	size_t limit = end;
	size_t body;

	if (end - at < prefix_size + rule->min ||
	    memcmp(text.data + at, rule->prefix, prefix_size) != 0)
		return false;
	body = at + prefix_size;
	if (limit - body > (size_t)rule->max + 1)
		limit = body + rule->max + 1;
	/* The body is the rest of the word: neither more nor less. Dashes at the end are the
	 * text's: "ghp_...-". */
	limit = chars_end(text.data, body, limit, classes_of(rule->body));
	if (limit < end && chars_is(text.data[limit], CHARS_ALNUM | CHARS_JOINT) &&
	    text.data[limit] != '-')
		return false;
	if (!is_body(rule, text.data + body, limit - body))
		return false;
	*ret_hit = (struct redact_hit){ rule->kind, at, limit - at };
	return true;
}

/* A JSON Web Token: "eyJ..." for the header, the same for the claims, and the signature. */
static bool match_jwt(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	const char *data = text.data;
	size_t claims = end + 1;
	size_t signature;
	size_t last;

	if (end - at < TOKEN_SIZE_MIN || memcmp(data + at, "eyJ", 3) != 0 || text.size - end < 8 ||
	    data[end] != '.' || memcmp(data + claims, "eyJ", 3) != 0)
		return false;
	signature = chars_end(data, claims, text.size, CHARS_WORD);
	if (signature == text.size || data[signature] != '.')
		return false;
	last = chars_end(data, signature + 1, text.size, CHARS_WORD);
	if (last - signature < 17)
		return false;
	*ret_hit = (struct redact_hit){ "jwt", at, last - at };
	return true;
}

/* A Discord bot's: the bot's id in base64 (24 to 28), 6 characters, and 27 to 40. */
static bool match_discord(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	const char *data = text.data;
	size_t middle;
	size_t last;

	if (end - at < 24 || end - at > 28 || strchr("MNO", data[at]) == NULL || end == text.size ||
	    data[end] != '.')
		return false;
	middle = chars_end(data, end + 1, text.size, CHARS_WORD);
	if (middle - end != 7 || middle == text.size || data[middle] != '.')
		return false;
	last = chars_end(data, middle + 1, text.size, CHARS_WORD);
	if (last - middle < 28 || last - middle > 41 || !look_is_random(data + at, last - at))
		return false;
	*ret_hit = (struct redact_hit){ "discord-token", at, last - at };
	return true;
}

bool token_find(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	char first = text.data[at];

	if (end - at < TOKEN_SIZE_MIN)
		return false;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (rules[i].prefix[0] == first && match(&rules[i], text, at, end, ret_hit))
			return true;
	}
	return (first == 'e' && match_jwt(text, at, end, ret_hit)) ||
	       match_discord(text, at, end, ret_hit);
}

bool token_find_dotted(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	static const struct {
		const char *prefix;
		const char *kind;
		size_t min; /* characters behind the first dot */
		unsigned dots;
	} dotted[] = {
		{ "SG", "sendgrid-key", 60, 1 },  { "ya29", "google-oauth-token", 20, 0 },
		{ "hvs", "vault-token", 24, 0 },  { "hvb", "vault-token", 24, 0 },
		{ "dp", "doppler-token", 40, 1 },
	};

	for (size_t i = 0; i < sizeof dotted / sizeof dotted[0]; i++) {
		size_t length = end - at;
		size_t last;

		if (length > 4 || strlen(dotted[i].prefix) != length ||
		    memcmp(text.data + at, dotted[i].prefix, length) != 0)
			continue;
		last = chars_end(text.data, end + 1, text.size, CHARS_WORD);
		for (unsigned dots = 0; dots < dotted[i].dots; dots++) {
			if (last < text.size && text.data[last] == '.')
				last = chars_end(text.data, last + 1, text.size, CHARS_WORD);
		}
		if (last - end <= dotted[i].min || is_shown(text.data + end, last - end))
			return false;
		*ret_hit = (struct redact_hit){ dotted[i].kind, at, last - at };
		return true;
	}
	return false;
}

bool token_find_telegram(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	size_t last;

	if (end - at < 8 || end - at > 10 || text.size - end < 36 ||
	    memcmp(text.data + end, ":AA", 3) != 0 ||
	    chars_end(text.data, at, end, CHARS_DIGIT) != end)
		return false;
	last = chars_end(text.data, end + 1, text.size, CHARS_WORD);
	if (last - end != 36 || is_shown(text.data + end, last - end))
		return false;
	*ret_hit = (struct redact_hit){ "telegram-token", at, last - at };
	return true;
}
