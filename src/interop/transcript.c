/* SPDX-License-Identifier: MIT */
/* The messages of a session as a person would read them. */
#include "base/mem.h"
#include "base/report.h"
#include "interop/branch.h"

struct hf_transcript {
	const struct hf_view *view;
	struct branch branch;
	size_t next;
};

int hf_transcript_open(const struct hf_view *view, struct hf_detail *detail,
		       struct hf_transcript **ret_transcript)
{
	struct report report = report_make(NULL, NULL);
	struct hf_transcript *transcript = NULL;
	int rc = HF_OK;

	if (view == NULL || ret_transcript == NULL)
		rc = report_fail(&report, HF_ERR_INVALID, "transcript", "an argument is NULL");
	if (rc == HF_OK) {
		transcript = mem_new(1, sizeof *transcript);
		rc = transcript != NULL ? branch_find(&transcript->branch, view) : HF_ERR_NOMEM;
	}
	if (rc != HF_OK) {
		hf_transcript_close(transcript);
		return report_deliver(&report, rc, detail);
	}
	transcript->view = view;
	*ret_transcript = transcript;
	return HF_OK;
}

bool hf_transcript_next(struct hf_transcript *transcript, struct hf_record *ret_record)
{
	if (transcript->next >= transcript->branch.shown_count)
		return false;
	return branch_record(transcript->view, transcript->branch.shown[transcript->next++],
			     ret_record);
}

uint64_t hf_transcript_count(const struct hf_transcript *transcript)
{
	return transcript->branch.shown_count;
}

uint64_t hf_transcript_others(const struct hf_transcript *transcript)
{
	return transcript->branch.messages - transcript->branch.shown_count;
}

void hf_transcript_rewind(struct hf_transcript *transcript)
{
	transcript->next = 0;
}

void hf_transcript_close(struct hf_transcript *transcript)
{
	if (transcript == NULL)
		return;
	branch_release(&transcript->branch);
	mem_free(transcript);
}
