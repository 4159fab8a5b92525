/* SPDX-License-Identifier: MIT */
#include "redact/auth.h"

#include <stdint.h>
#include <string.h>

#include "redact/chars.h"
#include "redact/look.h"

enum { GAP_MAX = 4, TOKEN_MAX = 4096, BASIC_MAX = 400 };

static bool is_token_char(char c)
{
	return chars_is(c, CHARS_RUN) || c == '.' || c == '~' || c == '=';
}

/* ---- Headers ------------------------------------------------------------------- */

static int base64_value(char c)
{
	if (chars_is(c, CHARS_UPPER))
		return c - 'A';
	if (chars_is(c, CHARS_LOWER))
		return c - 'a' + 26;
	if (chars_is(c, CHARS_DIGIT))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Whether base64 decodes to printable text with a colon in it. */
static bool is_user_and_password(const char *text, size_t size)
{
	bool has_colon = false;
	uint32_t bits = 0;

	if (size > BASIC_MAX)
		return false;
	while (size > 0 && text[size - 1] == '=')
		size--;
	for (size_t i = 0; i < size; i++) {
		int value = base64_value(text[i]);
		char byte;

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 == 0)
			continue;
		byte = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
		if (byte < 0x20 || byte > 0x7e)
			return false;
		has_colon = has_colon || byte == ':';
	}
	return has_colon;
}

static bool is_bearer(const char *token, size_t size)
{
	struct look look;

	look_at(token, size, &look);
	return size >= 16 && look.digits >= 2 && look.lower + look.upper >= 2 &&
	       look.entropy >= 2800 && !look_is_placeholder(token, size) &&
	       !look_is_words(token, size);
}

/* The end of a token; dots at its end are the text's. */
static size_t token_end(struct hf_slice text, size_t from)
{
	size_t to = from;

	while (to < text.size && to - from < TOKEN_MAX && is_token_char(text.data[to]))
		to++;
	while (to > from && text.data[to - 1] == '.')
		to--;
	return to;
}

bool auth_find_header(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	const char *word = text.data + at;
	bool is_basic = look_is_word(word, end - at, "basic");
	size_t from = end;
	size_t to;

	if (!is_basic && !look_is_word(word, end - at, "bearer"))
		return false;
	while (from < text.size && text.data[from] == ' ' && from - end < GAP_MAX)
		from++;
	to = token_end(text, from);
	if (from == end || to - from < 8)
		return false;
	if (is_basic ? !is_user_and_password(text.data + from, to - from)
		     : !is_bearer(text.data + from, to - from))
		return false;
	*ret_hit = (struct redact_hit){ is_basic ? "basic-auth" : "bearer-token", from, to - from };
	return true;
}

/* ---- Addresses ----------------------------------------------------------------- */

/* Behind a "://" or ":\/\/" at colon; 0 if none is there. */
static size_t behind_slashes(struct hf_slice text, size_t colon)
{
	size_t at = colon + 1;

	for (unsigned slashes = 0; slashes < 2; slashes++) {
		if (at < text.size && text.data[at] == '\\')
			at++;
		if (at >= text.size || text.data[at] != '/')
			return 0;
		at++;
	}
	return at;
}

static bool begins_with(struct hf_slice text, size_t at, const char *words)
{
	size_t length = strlen(words);

	return text.size - at > length && memcmp(text.data + at, words, length) == 0;
}

/* Where a webhook's secret begins, or 0. */
static size_t behind_hook(struct hf_slice text, size_t host)
{
	static const char *const hooks[] = {
		"hooks.slack.com/services/",	"hooks.slack.com/workflows/",
		"hooks.slack.com/triggers/",	"discord.com/api/webhooks/",
		"discordapp.com/api/webhooks/",
	};

	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
		if (begins_with(text, host, hooks[i]))
			return host + strlen(hooks[i]);
	}
	return 0;
}

static bool find_hook(struct hf_slice text, size_t host, struct redact_hit *ret_hit)
{
	size_t from = behind_hook(text, host);
	size_t to;
	struct look look;

	if (from == 0)
		return false;
	to = chars_end(text.data, from, text.size, CHARS_RUN);
	look_at(text.data + from, to - from, &look);
	if (to - from < 24 || look.digits < 2 || look.entropy < 2800 ||
	    look_is_placeholder(text.data + from, to - from))
		return false;
	*ret_hit =
		(struct redact_hit){ text.data[host] == 'h' ? "slack-webhook" : "discord-webhook",
				     from, to - from };
	return true;
}

/* What may stand in "user:password": anything that does not end an address. */
static bool is_user_char(char c)
{
	return (unsigned char)c > 0x20 && strchr("/?#\"'<>`\\{}|^,()", c) == NULL;
}

static bool is_password(const char *password, size_t size, const char *user, size_t user_size)
{
	static const char *const words[] = { "pass", "pwd", "pw", "p", "user", "x-oauth-basic" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (look_is_word(password, size, words[i]))
			return false;
	}
	return size >= 3 && !look_is_placeholder(password, size) &&
	       !(size == user_size && memcmp(password, user, size) == 0);
}

bool auth_find_address(struct hf_slice text, size_t colon, struct redact_hit *ret_hit)
{
	size_t host = behind_slashes(text, colon);
	const char *user = text.data + host;
	size_t limit = text.size - host < AUTH_USER_MAX ? text.size - host : AUTH_USER_MAX;
	const char *at_sign = NULL;
	const char *password;
	size_t size = 0;

	if (host == 0)
		return false;
	if (find_hook(text, host, ret_hit))
		return true;
	while (size < limit && is_user_char(user[size])) {
		if (user[size] == '@')
			at_sign = user + size;
		size++;
	}
	password = at_sign != NULL ? memchr(user, ':', (size_t)(at_sign - user)) : NULL;
	if (password == NULL)
		return false;
	password++;
	size = (size_t)(at_sign - password);
	if (!is_password(password, size, user, (size_t)(password - user) - 1))
		return false;
	*ret_hit = (struct redact_hit){ "url-password", (size_t)(password - text.data), size };
	return true;
}
