/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/visible.h"

static const char *state_name(enum hf_key_state state)
{
	static const char *const names[] = {
		[HF_KEY_CURRENT] = "current",
		[HF_KEY_WEAK] = "weak",
		[HF_KEY_ABSENT] = "absent",
		[HF_KEY_CORRUPT] = "corrupt",
		[HF_KEY_FOREIGN] = "foreign",
	};

	return names[state];
}

/* What is printed while the library tells of the keys. */
struct keys {
	struct cli *cli;
	struct strbuf text;
	struct json json;
};

static void put_field(struct strbuf *text, const char *label, const char *value)
{
	if (value[0] == '\0')
		return;
	strbuf_printf(text, "  %-7s ", label);
	visible_put(text, slice_of(value), VISIBLE_ONE_LINE);
	strbuf_puts(text, "\n");
}

static void put_key(struct keys *keys, const struct hf_key_info *key)
{
	bool good = key->state == HF_KEY_CURRENT || key->state == HF_KEY_FOREIGN;
	const struct out *out = &keys->cli->out;
	struct strbuf *text = &keys->text;

	out_style(out, text, OUT_BOLD, key->id[0] != '\0' ? key->id : "(no id)");
	strbuf_puts(text, "  ");
	out_style(out, text, good ? OUT_GOOD : OUT_WARNING, state_name(key->state));
	strbuf_puts(text, "\n");
	put_field(text, "store", key->store);
	put_field(text, "file", key->file);
	put_field(text, "made", key->made);
	put_field(text, "host", key->host);
	put_field(text, "source", key->source);
	if (key->rounds > 0)
		strbuf_printf(text, "  %-7s %u\n", "rounds", (unsigned)key->rounds);
	if (key->error != HF_OK) {
		put_field(text, "problem", hf_error_text(key->error));
		put_field(text, "", hf_error_hint(key->error));
	}
}

static void put_key_json(struct json *json, const struct hf_key_info *key)
{
	json_open(json, '{');
	json_put_text(json, "id", slice_of(key->id));
	json_put_text(json, "state", slice_of(state_name(key->state)));
	json_put_text(json, "store", slice_of(key->store));
	json_put_text(json, "file", slice_of(key->file));
	json_put_text(json, "made", slice_of(key->made));
	json_put_text(json, "host", slice_of(key->host));
	json_put_text(json, "source", slice_of(key->source));
	json_put_number(json, "rounds", key->rounds);
	if (key->error == HF_OK)
		json_put_raw(json, "error", (struct hf_slice){ 0 });
	else
		errors_put_json(json, key->error);
	json_close(json, '}');
}

static void each(void *context, const struct hf_key_info *key)
{
	struct keys *keys = context;

	if (keys->cli->json)
		put_key_json(&keys->json, key);
	else
		put_key(keys, key);
}

static int list(struct cli *cli)
{
	struct keys keys = { .cli = cli };
	int rc;

	keys.json.out = &keys.text;
	if (cli->json)
		json_open(&keys.json, '[');
	rc = hf_key_list(cli->store, each, &keys, &cli->detail);
	if (cli->json) {
		json_close(&keys.json, ']');
		strbuf_puts(&keys.text, "\n");
	}
	if (rc == HF_OK)
		out_write(&cli->out, &keys.text);
	strbuf_release(&keys.text);
	return rc == HF_OK ? 0 : errors_report(cli, rc, "list the keys", NULL);
}

static int prepare(struct cli *cli)
{
	struct keys keys = { .cli = cli };
	struct hf_key_info key = { 0 };
	int rc = hf_key_prepare(cli->store, &cli->detail, &key);

	if (rc != HF_OK)
		return errors_report(cli, rc, "prepare the key", NULL);
	keys.json.out = &keys.text;
	each(&keys, &key);
	if (cli->json)
		strbuf_puts(&keys.text, "\n");
	out_write(&cli->out, &keys.text);
	strbuf_release(&keys.text);
	return 0;
}

static int drop(struct cli *cli)
{
	int rc = hf_key_drop(cli->store, &cli->detail);

	if (rc != HF_OK)
		return errors_report(cli, rc, "drop the key", NULL);
	errors_note(cli, "the derived key was wiped; the next use derives it again");
	return 0;
}

enum { KEY_LIST, KEY_PREPARE, KEY_DROP };

static int run(struct cli *cli, const struct arguments *arguments)
{
	static const char *const names[] = { "list", "prepare", "drop", NULL };
	static int (*const actions[])(struct cli *) = { list, prepare, drop };
	const char *name = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	size_t action = KEY_LIST;
	int status;

	if (!options_choice(cli, "key", name, names, &action))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_store(cli, action == KEY_LIST ? ACCESS_READ : ACCESS_WRITE, NULL);
	return status == 0 ? actions[action](cli) : status;
}

const struct command cmd_key = {
	.name = "key",
	.summary = "show the keys, or wipe them from memory",
	.synopsis = "[list | prepare | drop]",
	.text = "list     shows the keys of the store: ids, states and where they come from, "
		"never\n"
		"         the keys themselves (the default)\n"
		"prepare  makes or derives the key now, so that a later command need not\n"
		"drop     wipes the derived key from the runtime directory; it is derived again\n"
		"         when it is next used",
	.example = "  holdfast key\n",
	.options = NULL,
	.option_count = 0,
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_KEY_MODE, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
