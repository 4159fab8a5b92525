/* SPDX-License-Identifier: MIT */
/*
 * One self-contained HTML page. Nothing foreign gets into it but through page.h, which
 * escapes it; and should that fail, the page's policy allows no script but ours, no style
 * but ours, and no connection at all.
 *
 * Memory is bounded by one message and a list of results and prompts (page_join.h), for
 * which the transcript is stepped through once more.
 */
#include "interop/format.h"
#include "interop/page_asset.h"
#include "interop/page_front.h"
#include "interop/page_join.h"
#include "interop/page_part.h"

static void write_page(struct page *page)
{
	struct exporter *exporter = page->exporter;
	struct hf_record record = { 0 };
	struct export_message message;

	page_front(page);
	while (export_next(exporter, &record, &message))
		page_part_message(page, &message);
	page_part_end(page);
	page_put(page, "</main>\n</div>\n<footer>All times are UTC. Made by Holdfast " HF_VERSION ".");
	if (exporter->redactor != NULL) {
		page_put(page, " Secrets replaced: ");
		page_put_u64(page, exporter->done.redacted);
		page_put(page, ".");
	}
	page_put(page, "</footer>\n<script>");
	page_write(page);
	export_put(exporter, page_asset_script, page_asset_script_size);
	page_put(page, "</script>\n</body>\n</html>\n");
	page_write(page);
}

static int write_html(struct exporter *exporter)
{
	struct page page = { .exporter = exporter, .out = BUFFER_INIT(EXPORT_LINE_MAX),
			     .text = BUFFER_INIT(EXPORT_LINE_MAX) };
	int rc = md_open(exporter->report, &page.md);

	if (rc == HF_OK)
		rc = page_join_new(exporter->transcript, &page.join);
	if (rc == HF_OK) {
		render_name(exporter, ".html");
		write_page(&page);
		rc = exporter->rc;
	}
	page_join_free(page.join);
	md_close(&page.md);
	buffer_release(&page.out);
	buffer_release(&page.text);
	return rc;
}

const struct format format_html = {
	.about = { .name = "html", .title = "HTML page", .can_export = true, .places = "",
		    .suffix = ".html" },
	.write = write_html,
};
