/* SPDX-License-Identifier: MIT */
/*
 * The text is written as it comes, in the order that JidoCode's encoder has, and signed on
 * the way: the signature covers all of it but its own line, which stands near the end, so
 * only what follows that line is held back.
 */
#include "interop/jidocode_write.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/mac.h"
#include "interop/fact.h"
#include "interop/jidocode_canonical.h"
#include "interop/jidocode_key.h"
#include "interop/jidocode_message.h"
#include "interop/jidocode_schema.h"
#include "json/read.h"
#include "json/write.h"

enum {
	NAME_CHARACTERS_MAX = 50,  /* JidoCode does not resume a session with a longer name */
	FILE_SIZE_MAX = 10 << 20,  /* nor load a larger file, unless it is told to */
	TAIL_MAX = 64 << 20,
};

struct writing {
	struct exporter *exporter;
	struct mac mac;
	uint64_t size;
	bool is_tail;           /* what is put is held back */
	bool has_members;
	bool is_plain;          /* the value holds nothing that could be a secret */
	struct buffer tail;
	struct buffer value;    /* a value to write, as any JSON */
	struct hf_slice rest;   /* what the import could not place: see jidocode.c */
	bool is_changed;        /* messages were added since the import */
	int64_t last_us;        /* the newest message's time */
};

/* ---- Putting ---- */

static int put(void *context, const char *bytes, size_t size)
{
	struct writing *writing = context;

	mac_update(&writing->mac, bytes, size);
	writing->size += size;
	if (writing->is_tail)
		return buffer_put(&writing->tail, bytes, size);
	export_put(writing->exporter, bytes, size);
	return writing->exporter->rc;
}

static void fail(struct writing *writing, int rc)
{
	if (writing->exporter->rc == HF_OK)
		writing->exporter->rc = rc;
}

static void put_text(struct writing *writing, const char *text)
{
	if (writing->exporter->rc == HF_OK)
		fail(writing, put(writing, text, strlen(text)));
}

/* Writes the value, redacted if that is asked for, and empties it. */
static void put_value(struct writing *writing, size_t depth)
{
	struct exporter *exporter = writing->exporter;
	struct jidocode_form form = { .mend = true, .depth = depth, .put = put, .context = writing };
	struct buffer redacted = BUFFER_INIT(2 * (size_t)EXPORT_LINE_MAX);
	struct hf_slice value = { writing->value.data, writing->value.size };

	if (exporter->rc == HF_OK && exporter->redactor != NULL && !writing->is_plain) {
		fail(writing, redact_json(exporter->redactor, value, &redacted,
					  &exporter->done.redacted));
		value = (struct hf_slice){ redacted.data, redacted.size };
	}
	if (exporter->rc == HF_OK)
		fail(writing, jidocode_canonical_put(value, &form));
	writing->value.size = 0;
	buffer_release(&redacted);
}

static void put_name(struct writing *writing, const char *name)
{
	put_text(writing, writing->has_members ? ",\n  \"" : "{\n  \"");
	writing->has_members = true;
	put_text(writing, name);
	put_text(writing, "\": ");
}

static void put_json(struct writing *writing, const char *name, struct hf_slice json)
{
	put_name(writing, name);
	fail(writing, buffer_put(&writing->value, json.data, json.size));
	put_value(writing, 1);
}

static void put_string(struct writing *writing, const char *name, struct hf_slice text)
{
	put_name(writing, name);
	fail(writing, json_put_string(&writing->value, text.data, text.size));
	put_value(writing, 1);
}

static void put_time(struct writing *writing, const char *name, int64_t time_us)
{
	char text[TEXT_TIME_SIZE];
	struct hf_slice given = fact_member(writing->rest, name);

	writing->is_plain = true;
	if (jidocode_schema_time(given, NULL) &&
	    (!writing->is_changed || strcmp(name, "created_at") == 0)) {
		put_json(writing, name, given);
	} else {
		text_put_time(time_us, text);
		put_string(writing, name, (struct hf_slice){ text, sizeof text });
	}
	writing->is_plain = false;
}

/* A member that newer releases of JidoCode have, if the session came with it. */
static void put_given(struct writing *writing, const char *name)
{
	struct hf_slice value = fact_member(writing->rest, name);

	if (value.size > 0)
		put_json(writing, name, value);
}

/* ---- What is beside the conversation ---- */

static bool is_type(const struct hf_record *record, const char *type)
{
	return record->type.size == strlen(type) &&
	       memcmp(record->type.data, type, record->type.size) == 0;
}

/* Finds what an import from the same format left for this. */
static void find_rest(struct writing *writing)
{
	struct hf_record record = { 0 };
	struct hf_slice rest = { "", 0 };

	while (hf_view_next(writing->exporter->view, &record)) {
		if (is_type(&record, "x-source"))
			rest = fact_member(record.data, "jidocode");
		else if (is_type(&record, "message"))
			writing->is_changed = true;
		if (rest.size > 0) {
			writing->rest = rest;
			writing->is_changed = false;
		}
		rest.size = 0;
	}
}

static int put_nothing(void *context, const char *bytes, size_t size)
{
	(void)context, (void)bytes, (void)size;
	return HF_OK;
}

static void put_config(struct writing *writing)
{
	static const struct hf_slice none = { "{}", 2 };
	struct jidocode_form form = { .mend = true, .put = put_nothing };
	struct hf_slice config = hf_view_config(writing->exporter->view);

	if (json_kind(config) != JSON_OBJECT)
		config = none;
	if (jidocode_canonical_put(config, &form) == HF_ERR_JSON) {
		export_note(writing->exporter, "configuration with numbers that are too large");
		config = none;
	}
	put_json(writing, "config", config);
}

/* The session's id, in the form that JidoCode asks for: a random UUID. */
static void put_id(struct writing *writing)
{
	struct exporter *exporter = writing->exporter;
	char id[HF_ID_SIZE];
	static const char variants[] = "89ab";

	text_copy(id, sizeof id, hf_view_info(exporter->view)->id);
	if (strlen(id) == HF_ID_SIZE - 1 && (id[14] != '4' || strchr(variants, id[19]) == NULL)) {
		id[14] = '4';
		if (strchr(variants, id[19]) == NULL)
			id[19] = variants[id[19] & 3];
		export_note(exporter, "the id, which was no random UUID");
	}
	writing->is_plain = true;
	put_string(writing, "id", (struct hf_slice){ id, strlen(id) });
	writing->is_plain = false;
	(void)snprintf(exporter->done.name, sizeof exporter->done.name, "%s.json", id);
}

static void put_session_name(struct writing *writing)
{
	static const struct hf_slice untitled = { "Untitled session", 16 };
	const struct hf_info *info = hf_view_info(writing->exporter->view);
	struct hf_slice name = info->name.size > 0 ? info->name : info->first_words;
	size_t size = 0;
	size_t count = 0;

	if (name.size == 0)
		name = untitled;
	while (size < name.size && count < NAME_CHARACTERS_MAX) {
		size_t length = text_utf8_length(name.data + size, name.size - size);

		if (length == 0)
			break;
		size += length;
		count++;
	}
	if (size < info->name.size)
		export_note(writing->exporter, "the end of the name");
	put_string(writing, "name", (struct hf_slice){ name.data, size });
}

static void put_project(struct writing *writing)
{
	struct hf_slice project = hf_view_info(writing->exporter->view)->project;

	if (project.size == 0)
		export_note(writing->exporter, "no project directory to resume in");
	put_string(writing, "project_path", project);
}

static void put_todos(struct writing *writing)
{
	put_name(writing, "todos");
	fail(writing, jidocode_message_todos(hf_view_todos(writing->exporter->view),
					     writing->exporter, &writing->value));
	put_value(writing, 1);
}

/* ---- The conversation ---- */

static void put_message(struct writing *writing, bool *has_any)
{
	put_text(writing, *has_any ? ",\n    " : "[\n    ");
	*has_any = true;
	put_value(writing, 2);
}

static void put_conversation(struct writing *writing)
{
	struct exporter *exporter = writing->exporter;
	struct jidocode_message message = JIDOCODE_MESSAGE_INIT;
	struct export_message read;
	struct hf_record record = { 0 };
	bool has_any = false;

	put_name(writing, "conversation");
	while (export_next(exporter, &record, &read)) {
		writing->last_us = read.at_us > writing->last_us ? read.at_us : writing->last_us;
		fail(writing, jidocode_message_read(&read, exporter, &message));
		for (int i = 0; i < 2 && exporter->rc == HF_OK; i++) {
			fail(writing, jidocode_message_put(&read, &message, i, &writing->value));
			if (writing->value.size > 0)
				put_message(writing, &has_any);
		}
	}
	put_text(writing, has_any ? "\n  ]" : "[]");
	jidocode_message_release(&message);
}

/* ---- The file ---- */

/* Writes the line that is not signed, and what was held back. */
static void put_signature(struct writing *writing)
{
	char text[JIDOCODE_SIGNATURE_SIZE + 1] = "";
	uint8_t mac[MAC_SIZE];

	mac_final(&writing->mac, mac);
	jidocode_key_signature(mac, text);
	export_put_text(writing->exporter, ",\n  \"signature\": \"");
	export_put_text(writing->exporter, text);
	export_put_text(writing->exporter, "\"");
	if (writing->tail.size > 0)
		export_put(writing->exporter, writing->tail.data, writing->tail.size);
	if (writing->size > FILE_SIZE_MAX)
		export_note(writing->exporter,
			    "more than 10 MiB, which JidoCode loads only with a larger "
			    "max_file_size");
}

static void put_session(struct writing *writing)
{
	const struct hf_info *info = hf_view_info(writing->exporter->view);

	put_time(writing, "closed_at", info->updated_us);
	put_config(writing);
	put_conversation(writing);
	put_time(writing, "created_at", info->created_us);
	put_given(writing, "cumulative_usage");
	put_id(writing);
	put_given(writing, "language");
	put_session_name(writing);
	put_project(writing);
	put_given(writing, "prompt_history");
	writing->is_tail = true;
	put_todos(writing);
	put_time(writing, "updated_at",
		 writing->last_us > info->created_us ? writing->last_us : info->created_us);
	put_name(writing, "version");
	put_text(writing, "1\n}");
	put_signature(writing);
}

static int make_key(const struct exporter *exporter, struct mac *ret_mac)
{
	const struct hf_export_options *options = exporter->options;
	struct jidocode_secret secret;
	uint8_t key[KDF_SIZE];
	int rc;

	if (options->secret_path == NULL)
		return report_fail(exporter->report, HF_ERR_INVALID, "export",
				   "JidoCode's files are signed: name the machine_secret to sign "
				   "with, usually ~/.jido_code/machine_secret");
	rc = jidocode_key_load(exporter->sys, exporter->report, options->secret_path, options->host,
			       &secret);
	if (rc != HF_OK)
		return rc;
	rc = jidocode_key_derive(&secret, options->salt != NULL ? options->salt : jidocode_key_salt(0),
				 exporter->report, key);
	if (rc == HF_OK)
		mac_init(ret_mac, key);
	mem_wipe(key, sizeof key);
	jidocode_key_wipe(&secret);
	return rc;
}

int jidocode_write(struct exporter *exporter)
{
	struct writing writing = {
		.exporter = exporter,
		.tail = BUFFER_INIT(TAIL_MAX),
		.value = BUFFER_INIT(EXPORT_LINE_MAX),
		.rest = { "", 0 },
	};
	int rc = make_key(exporter, &writing.mac);

	if (rc != HF_OK)
		return rc;
	find_rest(&writing);
	put_session(&writing);
	mem_wipe(&writing.mac, sizeof writing.mac);
	buffer_release(&writing.tail);
	buffer_release(&writing.value);
	return exporter->rc;
}
