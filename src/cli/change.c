/* SPDX-License-Identifier: MIT */
#include "cli/change.h"

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/selection.h"

int change_session(struct cli *cli, const char *text, const char *wait, const char *what,
		   change_fn change, const void *wish)
{
	struct hf_session *session = NULL;
	int status = access_writer(cli, text, wait, &session);
	int rc;

	if (status != 0)
		return status;
	rc = change(cli, session, wish);
	if (rc != HF_OK)
		status = errors_report(cli, rc, what, hf_session_id(session));
	rc = hf_session_close(session, HF_CLOSE_LEAVE, &cli->detail);
	if (rc != HF_OK && status == 0)
		status = errors_report(cli, rc, "close the session", NULL);
	return status;
}

int change_each(struct cli *cli, const struct arguments *arguments, const char *wait,
		const char *what, change_fn change, const void *wish)
{
	struct selection selection = { 0 };
	int status = selection_read(cli, arguments, SELECTION_ANYWHERE, &selection);

	if (status != 0)
		goto out;
	for (size_t i = 0; i < selection.count; i++) {
		int failure = change_session(cli, selection.ids[i].text, wait, what, change, wish);

		status = status != 0 ? status : failure;
	}
out:
	selection_release(&selection);
	return status;
}
