/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/visible.h"

enum { SETTINGS_MAX = 64, COLUMNS = 3 };

/* The settings, as the library gives them: text is valid while cli->config is. */
struct settings {
	struct hf_setting settings[SETTINGS_MAX];
	size_t count;
};

static void take(void *context, const struct hf_setting *setting)
{
	struct settings *settings = context;

	if (settings->count < SETTINGS_MAX)
		settings->settings[settings->count++] = *setting;
}

/* Where a setting comes from, as in "file /home/me/.config/holdfast/config:3". */
static void put_source(struct strbuf *text, const struct hf_setting *setting)
{
	strbuf_puts(text, setting->source);
	if (setting->file == NULL)
		return;
	strbuf_puts(text, " ");
	visible_put(text, slice_of(setting->file), VISIBLE_ONE_LINE);
	strbuf_printf(text, ":%u", setting->line);
}

/* A value as a cell of the table; an empty one would look as if something were missing. */
static struct hf_slice cell(const char *value)
{
	return slice_of(value[0] != '\0' ? value : "-");
}

static void put_cell(struct strbuf *text, struct hf_slice words, size_t width)
{
	size_t used = visible_width(words);

	visible_put(text, words, VISIBLE_ONE_LINE);
	strbuf_printf(text, "%*s", (int)(used < width ? width - used + 2 : 2), "");
}

static void print_table(struct cli *cli, const struct settings *settings)
{
	static const char *const titles[COLUMNS] = { "SETTING", "VALUE", "DEFAULT" };
	size_t widths[COLUMNS] = { sizeof "SETTING" - 1, sizeof "VALUE" - 1, sizeof "DEFAULT" - 1 };
	struct strbuf text = { 0 };

	for (size_t i = 0; i < settings->count; i++) {
		const struct hf_setting *setting = &settings->settings[i];
		const char *const words[COLUMNS] = { setting->key, setting->value,
						     setting->standard };

		for (size_t c = 0; c < COLUMNS; c++) {
			size_t width = visible_width(cell(words[c]));

			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	out_style_begin(&cli->out, &text, OUT_BOLD);
	for (size_t c = 0; c < COLUMNS; c++)
		put_cell(&text, slice_of(titles[c]), widths[c]);
	strbuf_puts(&text, "SOURCE");
	out_style_end(&cli->out, &text);
	strbuf_puts(&text, "\n");
	for (size_t i = 0; i < settings->count; i++) {
		const struct hf_setting *setting = &settings->settings[i];

		put_cell(&text, slice_of(setting->key), widths[0]);
		put_cell(&text, cell(setting->value), widths[1]);
		put_cell(&text, cell(setting->standard), widths[2]);
		put_source(&text, setting);
		strbuf_puts(&text, "\n");
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static void put_json(struct json *json, const struct hf_setting *setting)
{
	json_open(json, '{');
	json_put_text(json, "key", slice_of(setting->key));
	json_put_text(json, "value", slice_of(setting->value));
	json_put_text(json, "default", slice_of(setting->standard));
	json_put_text(json, "source", slice_of(setting->source));
	if (setting->file != NULL) {
		json_put_text(json, "file", slice_of(setting->file));
		json_put_number(json, "line", setting->line);
	} else {
		json_put_raw(json, "file", (struct hf_slice){ 0 });
		json_put_raw(json, "line", (struct hf_slice){ 0 });
	}
	json_put_text(json, "help", slice_of(setting->help));
	json_close(json, '}');
}

static void print_json(struct cli *cli, const struct settings *settings)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	json_open(&json, '[');
	for (size_t i = 0; i < settings->count; i++)
		put_json(&json, &settings->settings[i]);
	json_close(&json, ']');
	strbuf_puts(&text, "\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

/* Prints one setting: its value alone, for scripts. */
static int print_one(struct cli *cli, const struct settings *settings, const char *key)
{
	const char *names[SETTINGS_MAX + 1] = { NULL };
	struct strbuf text = { 0 };
	struct json json = { .out = &text };
	size_t index = 0;

	for (size_t i = 0; i < settings->count; i++)
		names[i] = settings->settings[i].key;
	if (!options_choice(cli, "config", key, names, &index))
		return hf_error_exit(HF_ERR_INVALID);
	if (cli->json)
		put_json(&json, &settings->settings[index]);
	else
		visible_put(&text, slice_of(settings->settings[index].value), VISIBLE_ONE_LINE);
	strbuf_puts(&text, "\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return 0;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct settings settings = { .count = 0 };
	int status = access_config(cli);

	if (status != 0)
		return status;
	hf_config_each(cli->config, take, &settings);
	if (arguments->operand_count > 0)
		return print_one(cli, &settings, arguments->operands[0]);
	if (cli->json)
		print_json(cli, &settings);
	else
		print_table(cli, &settings);
	return 0;
}

const struct command cmd_config = {
	.name = "config",
	.summary = "show the settings and where each comes from",
	.synopsis = "[KEY]",
	.text = "Prints each setting with its value, its default and where the value comes from, "
		"or\n"
		"the value of KEY alone. Settings are lines \"key = value\" in\n"
		"$XDG_CONFIG_HOME/holdfast/config (or ~/.config/holdfast/config) and, over it, in "
		"the\n"
		"file config in the store; then come variables HOLDFAST_<KEY>, then options. The\n"
		"manual holdfast-config(5) tells what each means. Nothing is changed, and the "
		"store\n"
		"need not be there.",
	.example = "  holdfast config\n"
		   "  HOLDFAST_DURABILITY=os holdfast config durability\n",
	.options = NULL,
	.option_count = 0,
	.errors = (const int[]){ HF_ERR_CONFIG, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
