/* SPDX-License-Identifier: MIT */
/* The JSON functions of holdfast.h: the layer's own behind checks of the arguments. */
#include "holdfast.h"
#include "json/read.h"
#include "json/scan.h"

static bool is_slice(struct hf_slice slice)
{
	return slice.data != NULL || slice.size == 0;
}

int hf_json_check(struct hf_slice json, size_t *ret_offset)
{
	struct json_fault fault = { 0 };
	int rc;

	if (!is_slice(json))
		return HF_ERR_INVALID;
	rc = json_scan(json.data, json.size, &fault);
	if (rc == HF_ERR_JSON && ret_offset != NULL)
		*ret_offset = fault.offset;
	return rc;
}

bool hf_json_member(struct hf_slice object, const char *name, struct hf_slice *ret_value)
{
	if (!is_slice(object) || name == NULL || ret_value == NULL)
		return false;
	return json_member(object, name, ret_value);
}

bool hf_json_next(struct hf_slice container, size_t *position, struct hf_slice *ret_name,
		  struct hf_slice *ret_value)
{
	if (!is_slice(container) || position == NULL || ret_value == NULL)
		return false;
	return json_next(container, position, ret_name, ret_value);
}

int64_t hf_json_text(struct hf_slice string, char *buffer, size_t size)
{
	if (!is_slice(string) || (buffer == NULL && size > 0))
		return -1;
	return json_text(string, buffer, size);
}
