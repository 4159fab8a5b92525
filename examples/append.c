/* SPDX-License-Identifier: MIT */
/*
 * The smallest host: makes a session, appends one message, ends the session. When it prints
 * the session's id, the message is on disk, signed and chained.
 *
 *     cc append.c $(pkg-config --cflags --libs holdfast) -o append
 *     ./append STORE
 */
#include <holdfast.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	static const char json[] = "{\"role\":\"user\",\"content\":\"Please fix the parser.\"}";
	struct hf_append message = { "message", NULL, json, sizeof json - 1 };
	struct hf_store *store = NULL;
	struct hf_session *session = NULL;
	struct hf_detail detail = { 0 };
	int closed;
	int rc = hf_store_open(argc > 1 ? argv[1] : "store", NULL, &detail, &store);

	if (rc == HF_OK)
		rc = hf_session_create(store, NULL, &detail, &session);
	if (rc == HF_OK)
		rc = hf_session_append(session, NULL, &message, 1, &detail, NULL);
	if (rc == HF_OK)
		puts(hf_session_id(session));
	closed = hf_session_close(session, HF_CLOSE_SEAL, rc == HF_OK ? &detail : NULL);
	if (rc == HF_OK)
		rc = closed;
	hf_store_close(store);
	if (rc != HF_OK)
		(void)fprintf(stderr, "%s %s\n%s\n", hf_error_text(rc), hf_error_hint(rc),
			      detail.message);
	return hf_error_exit(rc);
}
