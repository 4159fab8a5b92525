/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/files.h"
#include "cli/json.h"
#include "cli/patterns.h"

enum {
	EXPORT_TO,
	EXPORT_OUTPUT,
	EXPORT_FORCE,
	EXPORT_CONVERT,
	EXPORT_REDACT,
	EXPORT_PATTERN,
	EXPORT_PATTERNS,
	EXPORT_SECRET,
	EXPORT_HOST,
	EXPORT_SALT,
};

static const struct option options[] = {
	[EXPORT_TO] = { "to", 0, "FORMAT", "see 'holdfast import --formats'; or original" },
	[EXPORT_OUTPUT] = { "output", 'o', "PATH", "a file, or the directory that it goes into" },
	[EXPORT_FORCE] = { "force", 'f', NULL, "replace what is there" },
	[EXPORT_CONVERT] = { "convert", 0, NULL, "write anew also what was imported as it is" },
	[EXPORT_REDACT] = { "redact", 0, NULL, "replace secrets by markers" },
	[EXPORT_PATTERN] = { "pattern", 0, "REGEX", "what is a secret, too" },
	[EXPORT_PATTERNS] = { "pattern-file", 0, "FILE", "the same, one in a line" },
	[EXPORT_SECRET] = { "secret", 0, "FILE", "JidoCode: the machine_secret to sign with" },
	[EXPORT_HOST] = { "hostname", 0, "NAME", "JidoCode: the host's name to sign for" },
	[EXPORT_SALT] = { "salt", 0, "TEXT", "JidoCode: the application's salt" },
};

/* One export. */
struct exporting {
	struct cli *cli;
	struct hf_export_options wanted;
	struct files files;
	struct patterns patterns;
	struct hf_export done;
	struct strbuf notes; /* JSON */
	struct json json;
	const char *output; /* NULL: the standard output */
	int failure; /* errno of the first write that failed */
	bool has_beside; /* files that the standard output has no place for */
};

static int take(void *context, const char *file, const char *data, size_t size)
{
	struct exporting *exporting = context;
	struct cli *cli = exporting->cli;
	struct strbuf text = { 0 };

	if (exporting->output != NULL) {
		exporting->failure = files_write(&exporting->files, file, data, size);
		return exporting->failure == 0 ? HF_OK : HF_ERR_IO;
	}
	if (file != NULL) {
		exporting->has_beside = true;
		return HF_OK;
	}
	strbuf_put(&text, data, size);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	/* out_finish says what is wrong. */
	return cli->out.failure == 0 ? HF_OK : HF_ERR_IO;
}

static void note(void *context, const char *what, uint64_t count)
{
	struct exporting *exporting = context;

	if (exporting->cli->json) {
		json_open(&exporting->json, '{');
		json_put_text(&exporting->json, "what", slice_of(what));
		json_put_number(&exporting->json, "count", count);
		json_close(&exporting->json, '}');
		return;
	}
	errors_note(exporting->cli, "not carried over: %s (%llu)", what, (unsigned long long)count);
}

static void put_summary(struct exporting *exporting, const char *id)
{
	const struct hf_export *done = &exporting->done;
	struct cli *cli = exporting->cli;
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	if (!cli->json) {
		if (done->redacted > 0 || exporting->wanted.redact)
			errors_note(cli, "%llu secret%s replaced",
				    (unsigned long long)done->redacted,
				    done->redacted == 1 ? " was" : "s were");
		if (exporting->output != NULL && !cli->quiet) {
			strbuf_puts(&text, exporting->files.main.path.data);
			strbuf_puts(&text, "\n");
		}
	} else {
		json_open(&json, '{');
		json_put_text(&json, "session", slice_of(id));
		json_put_text(&json, "format", slice_of(exporting->wanted.format));
		json_put_text(&json, "path", strbuf_slice(&exporting->files.main.path));
		json_put_number(&json, "messages", done->messages);
		json_put_number(&json, "bytes", done->bytes);
		json_put_number(&json, "redacted", done->redacted);
		json_put_bool(&json, "original", done->original);
		json_put_raw(&json, "not_carried_over", strbuf_slice(&exporting->notes));
		json_close(&json, '}');
		strbuf_puts(&text, "\n");
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

/* The library knows which of the two is wrong with a format, or what it needs. */
static int report_reason(struct cli *cli, int rc, const char *id)
{
	char text[sizeof cli->detail.message + 128];

	(void)snprintf(text, sizeof text, "cannot export session %s: %s", id, cli->detail.message);
	cli->detail.code = HF_OK; /* all of it is said */
	if (rc == HF_ERR_INVALID)
		return errors_usage(cli, "%s", text);
	return errors_report_text(cli, rc, text, "Choose another format.");
}

static int report_exists(struct exporting *exporting)
{
	struct strbuf text = { 0 };
	int status;

	strbuf_printf(&text, "There is a file of this name already: %s",
		      exporting->files.in_the_way.data);
	status = errors_report_text(exporting->cli, HF_ERR_EXISTS, text.data,
				    "Choose another name, or give --force.");
	strbuf_release(&text);
	return status;
}

static int report(struct exporting *exporting, int rc, const char *id)
{
	struct cli *cli = exporting->cli;

	/* The signal that it comes from ends the program in a moment. */
	if (exporting->failure == EINTR)
		return 0;

	if (exporting->failure == EEXIST)
		return report_exists(exporting);
	if (exporting->failure == ENOENT || exporting->failure == ENOTDIR)
		return errors_report_text(cli, HF_ERR_NOTFOUND,
					  "There is no such directory to write to.",
					  "Make it, or choose another place.");
	if (exporting->failure != 0)
		return errors_report_errno(cli, exporting->failure, "write", exporting->output);
	/* out_finish says what is wrong, and with which status it ends. */
	if (cli->out.failure != 0)
		return 0;
	if ((rc == HF_ERR_INVALID || rc == HF_ERR_FOREIGN) && cli->detail.code == rc)
		return report_reason(cli, rc, id);
	return errors_report(cli, rc, "export session", id);
}

static int export_view(struct exporting *exporting, const struct hf_view *view)
{
	struct cli *cli = exporting->cli;
	const char *id = hf_view_info(view)->id;
	int rc;

	if (exporting->output != NULL) {
		exporting->failure = files_open(&exporting->files, exporting->output);
		if (exporting->failure != 0)
			return report(exporting, HF_ERR_IO, id);
	}
	exporting->json.out = &exporting->notes;
	json_open(&exporting->json, '[');
	rc = hf_export(cli->store, view, &exporting->wanted, &cli->detail, &exporting->done);
	json_close(&exporting->json, ']');
	if (rc == HF_OK && exporting->output != NULL) {
		exporting->failure = files_finish(&exporting->files, exporting->done.name);
		rc = exporting->failure == 0 ? HF_OK : HF_ERR_IO;
	}
	if (rc != HF_OK)
		return report(exporting, rc, id);
	if (exporting->has_beside)
		errors_note(cli, "the files beside the session were left out; name a place with "
				 "--output to have them");
	put_summary(exporting, id);
	return access_view_status(cli, view);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	struct exporting exporting = { .cli = cli, .output = values[EXPORT_OUTPUT] };
	struct hf_export_options *wanted = &exporting.wanted;
	struct hf_view *view = NULL;
	int status;

	if (values[EXPORT_TO] == NULL)
		return errors_usage(cli, "--to is missing: 'holdfast import --formats' lists the formats");
	if (cli->json && exporting.output == NULL)
		return errors_usage(cli, "--json tells about an export to a place: give --output");
	exporting.files.force = values[EXPORT_FORCE] != NULL;
	exporting.files.main.fd = -1;
	exporting.files.beside.fd = -1;
	status = patterns_read(cli, &exporting.patterns, arguments, values[EXPORT_PATTERNS]);
	if (status == 0)
		status = access_store(cli, ACCESS_READ, NULL);
	if (status == 0)
		status = access_view(cli, arguments->operands[0], &view);
	if (status == 0) {
		wanted->format = values[EXPORT_TO];
		wanted->convert = values[EXPORT_CONVERT] != NULL;
		wanted->redact = values[EXPORT_REDACT] != NULL || exporting.patterns.count > 0;
		wanted->patterns = exporting.patterns.list;
		wanted->pattern_count = exporting.patterns.count;
		wanted->secret_path = values[EXPORT_SECRET];
		wanted->host = values[EXPORT_HOST];
		wanted->salt = values[EXPORT_SALT];
		wanted->write = take;
		wanted->note = note;
		wanted->context = &exporting;
		status = export_view(&exporting, view);
	}
	hf_view_close(view);
	files_release(&exporting.files);
	patterns_release(&exporting.patterns);
	strbuf_release(&exporting.notes);
	return status;
}

const struct command cmd_export = {
	.name = "export",
	.summary = "give a session to another agent, or to read",
	.synopsis = "SESSION --to FORMAT",
	.text = "Writes a session in another format: for Claude Code, Codex, pi or JidoCode to go\n"
		"on with, as OpenAI-style messages, as Markdown, or as one HTML page. A session\n"
		"that was imported from the same format comes out with its original bytes, also\n"
		"the files beside it; --to original does that for every format. What cannot be\n"
		"carried over is said. --redact replaces what looks like a secret by a marker.",
	.example = "  holdfast export 1b9d --to html -o session.html\n"
		   "  holdfast export 1b9d --to codex -o ~/.codex/sessions/2026/11/22/\n"
		   "  holdfast export 1b9d --to markdown --redact | less\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_EXISTS, HF_ERR_LIBRARY,
				 HF_ERR_FOREIGN, HF_ERR_TRUNCATED, HF_ERR_TAMPERED, HF_ERR_GAP,
				 HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
