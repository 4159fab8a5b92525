/* SPDX-License-Identifier: MIT */
/* How a session is called and kept: one record each. */
#include <string.h>

#include "json/write.h"
#include "store/session.h"

enum { LABEL_SIZE_MAX = 8192 };

/* Appends a record of a label's type, if its data could be built. */
static int append_label(struct hf_session *session, const char *type, const struct buffer *data,
			int rc, struct hf_detail *detail)
{
	struct hf_append record = { type, NULL, data->data, data->size };

	session_enter(session);
	if (rc == HF_OK)
		rc = writer_append(session->writer, NULL, &record, 1, NULL);
	else
		rc = report_fail(&session->report, rc == HF_ERR_NOMEM ? rc : HF_ERR_INVALID, type,
				 "the text is too long, or not UTF-8");
	return session_leave(session, rc, detail);
}

int hf_session_rename(struct hf_session *session, const char *name, struct hf_detail *detail)
{
	struct buffer data = BUFFER_INIT(LABEL_SIZE_MAX);
	bool first = true;
	int rc;

	if (session == NULL || name == NULL)
		return session_none(detail);
	rc = buffer_put_text(&data, "{");
	if (rc == HF_OK)
		rc = json_put_member_text(&data, &first, "name", name,
					  strnlen(name, HF_NAME_MAX + 1));
	if (rc == HF_OK)
		rc = buffer_put_text(&data, "}");
	rc = append_label(session, "rename", &data, rc, detail);
	buffer_release(&data);
	return rc;
}

int hf_session_pin(struct hf_session *session, bool pinned, struct hf_detail *detail)
{
	struct buffer data = BUFFER_INIT(LABEL_SIZE_MAX);
	int rc;

	if (session == NULL)
		return session_none(detail);
	rc = buffer_put_text(&data, pinned ? "{\"pinned\":true}" : "{\"pinned\":false}");
	rc = append_label(session, "pin", &data, rc, detail);
	buffer_release(&data);
	return rc;
}

static int put_tags(struct buffer *data, const char *const *tags, size_t count)
{
	int rc = buffer_put_text(data, "{\"tags\":[");

	if (count > HF_TAGS_MAX)
		return HF_ERR_INVALID;
	for (size_t i = 0; i < count && rc == HF_OK; i++) {
		if (tags[i] == NULL)
			return HF_ERR_INVALID;
		if (i > 0)
			rc = buffer_put_text(data, ",");
		if (rc == HF_OK)
			rc = json_put_string(data, tags[i], strnlen(tags[i], HF_TAG_SIZE_MAX + 1));
	}
	return rc == HF_OK ? buffer_put_text(data, "]}") : rc;
}

int hf_session_tag(struct hf_session *session, const char *const *tags, size_t count,
		   struct hf_detail *detail)
{
	struct buffer data = BUFFER_INIT(LABEL_SIZE_MAX);
	int rc;

	if (session == NULL || (tags == NULL && count > 0))
		return session_none(detail);
	rc = put_tags(&data, tags, count);
	rc = append_label(session, "tags", &data, rc, detail);
	buffer_release(&data);
	return rc;
}
