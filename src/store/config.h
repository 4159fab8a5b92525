/* SPDX-License-Identifier: MIT */
/* Settings and where each came from: what is behind hf_config_load. */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include "holdfast.h"
#include "sys/sys.h"

/* hf_config_load over another system and another environment: lines NAME=value, NULL at the
 * end. Neither is kept. For tests. */
int config_load_with(const struct sys *sys, const char *const *environment,
		     const char *store_path, struct hf_detail *detail,
		     struct hf_config **ret_config);

#endif
