/* SPDX-License-Identifier: MIT */
/* The records that a resumed session goes on with (docs/FORMAT.md, "Types"). */
#include <string.h>

#include "json/read.h"
#include "json/write.h"
#include "log/limits.h"
#include "log/writer.h"

static int put_relocation(struct buffer *out, const char *project, struct hf_slice from)
{
	static const struct hf_slice null = { "null", 4 };
	bool first = true;
	int rc = buffer_put_text(out, "{");

	if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "project", project, strlen(project));
	if (rc == HF_OK)
		rc = json_put_member_json(out, &first, "from",
					  json_kind(from) == JSON_STRING ? from : null);
	return rc == HF_OK ? buffer_put_text(out, "}") : rc;
}

static int put_directory(struct buffer *out, const struct resume_place *place)
{
	bool first = true;
	int rc;

	if (!place->has_directory)
		return buffer_put_text(out, ",\"directory\":null}");
	if ((rc = buffer_put_text(out, ",\"directory\":{")) != HF_OK ||
	    (rc = json_put_member_u64(out, &first, "device", place->device)) != HF_OK ||
	    (rc = json_put_member_u64(out, &first, "inode", place->inode)) != HF_OK ||
	    (rc = json_put_member_u64(out, &first, "owner", place->owner)) != HF_OK ||
	    (rc = json_put_member_u64(out, &first, "mode", place->mode)) != HF_OK)
		return rc;
	return buffer_put_text(out, "}}");
}

static int add_relocation(struct writer *writer, const char *project, struct hf_slice from)
{
	struct buffer data = BUFFER_INIT((size_t)2 * METADATA_TEXT_MAX);
	int rc = put_relocation(&data, project, from);

	if (rc == HF_OK)
		rc = writer_add(writer, "relocate", data.data, data.size);
	buffer_release(&data);
	return rc;
}

int writer_resume(struct writer *writer, const struct resume_place *place,
		  struct hf_slice current)
{
	bool is_sealed = (writer->head.flags & FORMAT_HEAD_SEALED) != 0;
	char json[256];
	struct buffer data = { json, 0, sizeof json, sizeof json };
	int rc = writer_usable(writer);

	if (rc == HF_OK)
		rc = buffer_put_text(&data, is_sealed ? "{\"after\":\"seal\"" :
							"{\"after\":\"interruption\"");
	if (rc == HF_OK)
		rc = put_directory(&data, place);
	if (rc == HF_OK)
		rc = writer_begin(writer);
	if (rc == HF_OK && place->moved_to != NULL)
		rc = add_relocation(writer, place->moved_to, current);
	if (rc == HF_OK)
		rc = writer_add(writer, "resume", data.data, data.size);
	return rc == HF_OK ? writer_commit(writer, true) : rc;
}
