/* SPDX-License-Identifier: MIT */
#include "cli/holder.h"

#include "cli/clock.h"
#include "cli/visible.h"

void holder_put(struct strbuf *text, const struct hf_holder *holder)
{
	strbuf_puts(text, "held");
	if (holder->pid > 0)
		strbuf_printf(text, " by process %lld", (long long)holder->pid);
	if (holder->program[0] != '\0') {
		strbuf_puts(text, holder->pid > 0 ? " (" : " by a program (");
		visible_put(text, slice_of(holder->program), VISIBLE_ONE_LINE);
		strbuf_puts(text, ")");
	}
	if (holder->host[0] != '\0') {
		strbuf_puts(text, " on ");
		visible_put(text, slice_of(holder->host), VISIBLE_ONE_LINE);
	}
	if (holder->since_us > 0) {
		strbuf_puts(text, " since ");
		clock_put_local(text, holder->since_us);
	}
}

static void put_text_or_null(struct json *json, const char *name, const char *text)
{
	if (text[0] == '\0')
		json_put_raw(json, name, (struct hf_slice){ 0 });
	else
		json_put_text(json, name, slice_of(text));
}

void holder_put_json(struct json *json, const struct hf_holder *holder)
{
	json_put_place(json, "pid", holder->pid > 0 ? holder->pid : -1);
	put_text_or_null(json, "program", holder->program);
	put_text_or_null(json, "host", holder->host);
	if (holder->since_us > 0)
		json_put_time(json, "since", holder->since_us);
	else
		json_put_raw(json, "since", (struct hf_slice){ 0 });
}
