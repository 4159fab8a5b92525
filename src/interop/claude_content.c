/* SPDX-License-Identifier: MIT */
/* The blocks of a message in Anthropic's form. */
#include "interop/claude.h"
#include "interop/fact.h"
#include "json/read.h"

static const struct hf_slice none = { "", 0 };

/* An image or a document: both say in "source" where their bytes are. */
static bool read_media(struct message_writer *writer, struct hf_slice block, bool is_image)
{
	struct hf_slice source = fact_member(block, "source");
	struct hf_slice media_type = fact_member(source, "media_type");
	struct hf_slice type = fact_member(source, "type");
	struct hf_slice data = none;
	struct hf_slice url = none;

	if (fact_is(type, "base64"))
		data = fact_member(source, "data");
	else if (fact_is(type, "url"))
		url = fact_member(source, "url");
	if (json_kind(data) != JSON_STRING && json_kind(url) != JSON_STRING)
		return false;
	if (is_image)
		message_image(writer, media_type, data, url);
	else
		message_file(writer, fact_member(block, "title"), media_type, data, url);
	return true;
}

/* False if it is no block that is known. Tools that the service runs itself have names of
 * their own for calls and results. */
static bool read_block(struct message_writer *writer, struct hf_slice block)
{
	struct hf_slice type = fact_member(block, "type");

	if (fact_is(type, "text"))
		message_text(writer, fact_member(block, "text"));
	else if (fact_is(type, "thinking"))
		message_thinking(writer, fact_member(block, "thinking"));
	else if (fact_is(type, "tool_use") || fact_is(type, "server_tool_use"))
		message_call(writer, fact_member(block, "id"), fact_member(block, "name"),
			     fact_member(block, "input"));
	else if (json_kind(fact_member(block, "tool_use_id")) == JSON_STRING)
		message_result(writer, fact_member(block, "tool_use_id"), none,
			       fact_member(block, "content"),
			       json_kind(fact_member(block, "is_error")) == JSON_TRUE);
	else if (fact_is(type, "image") || fact_is(type, "document"))
		return read_media(writer, block, fact_is(type, "image"));
	else
		return false;
	return true;
}

void claude_content(struct message_writer *writer, struct hf_slice content)
{
	struct hf_slice block;
	size_t position = 0;

	if (json_kind(content) == JSON_STRING)
		message_text(writer, content);
	while (json_kind(content) == JSON_ARRAY && json_next(content, &position, NULL, &block)) {
		if (!read_block(writer, block))
			message_other(writer, block);
	}
}
