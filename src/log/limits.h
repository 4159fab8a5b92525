/* SPDX-License-Identifier: MIT */
/* Bounds of what a session's record 0 can hold, which the newest configuration must fit. */
#ifndef LOG_LIMITS_H
#define LOG_LIMITS_H

enum {
	METADATA_JSON_MAX = 16 << 20, /* bytes of configuration, and of origin */
	METADATA_TEXT_MAX = 32 << 10, /* bytes of name, project or tags as JSON */
	METADATA_FORMER_MAX = 9 * METADATA_TEXT_MAX, /* of the former projects */
};

#endif
