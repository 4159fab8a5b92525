/* SPDX-License-Identifier: MIT */
#include "cli/age.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "cli/clock.h"
#include "cli/cli.h"
#include "cli/errors.h"

static const int64_t us_per_second = 1000000;

/* The longest age in microseconds: some 3,000 years, so that no sum overflows. */
static const int64_t age_max_us = INT64_C(100000000000000000);

/* Reads the digits at *text, at most max of them, and steps over them; -1 if there are
 * none. */
static int64_t read_digits(const char **text, size_t max)
{
	const char *digit = *text;
	int64_t number = 0;

	for (; *digit >= '0' && *digit <= '9' && (size_t)(digit - *text) < max; digit++)
		number = number * 10 + (*digit - '0');
	if (digit == *text)
		return -1;
	*text = digit;
	return number;
}

static bool read_age(const char *text, int64_t *ret_age_us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {
		{ "ms", 1000 },
		{ "s", 1000000 },
		{ "m", INT64_C(60000000) },
		{ "h", INT64_C(3600000000) },
		{ "d", INT64_C(86400000000) },
		{ "w", INT64_C(604800000000) },
	};
	int64_t number = read_digits(&text, 12);

	for (size_t i = 0; number >= 0 && i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		if (number > age_max_us / units[i].us)
			return false;
		*ret_age_us = number * units[i].us;
		return true;
	}
	return false;
}

/* Reads a number of exactly size digits and the character before it. */
static bool read_part(const char **text, char before, size_t size, int *ret_number)
{
	const char *begin = *text;
	int64_t number;

	if (before != '\0') {
		if (*begin != before)
			return false;
		begin++;
	}
	*text = begin;
	number = read_digits(text, size);
	if (number < 0 || (size_t)(*text - begin) != size)
		return false;
	*ret_number = (int)number;
	return true;
}

/* Reads the time of day; the seconds, and six digits of a fraction, may be left out. */
static bool read_clock(const char **text, struct tm *date, int *ret_us)
{
	if (!read_part(text, **text == 'T' ? 'T' : ' ', 2, &date->tm_hour) ||
	    !read_part(text, ':', 2, &date->tm_min))
		return false;
	if (**text == ':' && !read_part(text, ':', 2, &date->tm_sec))
		return false;
	return **text != '.' || read_part(text, '.', 6, ret_us);
}

static bool read_date(const char *text, int64_t *ret_time_us)
{
	struct tm date = { .tm_isdst = -1 };
	struct tm given;
	time_t seconds;
	int fraction_us = 0;
	bool utc;

	if (!read_part(&text, '\0', 4, &date.tm_year) || !read_part(&text, '-', 2, &date.tm_mon) ||
	    !read_part(&text, '-', 2, &date.tm_mday))
		return false;
	if ((*text == 'T' || *text == ' ') && !read_clock(&text, &date, &fraction_us))
		return false;
	utc = *text == 'Z';
	if (text[utc] != '\0' || date.tm_hour > 23 || date.tm_min > 59 || date.tm_sec > 59)
		return false;
	date.tm_year -= 1900;
	date.tm_mon -= 1;
	given = date;
	seconds = utc ? timegm(&date) : mktime(&date);
	/* The 31st of February comes out as another day. */
	if (date.tm_mon != given.tm_mon || date.tm_mday != given.tm_mday)
		return false;
	*ret_time_us = (int64_t)seconds * us_per_second + fraction_us;
	return true;
}

bool age_read_time(const struct cli *cli, const char *what, const char *value, int64_t *time_us)
{
	int64_t age_us = 0;

	if (value == NULL || read_date(value, time_us))
		return true;
	if (read_age(value, &age_us)) {
		*time_us = clock_now_us() - age_us;
		return true;
	}
	(void)errors_usage(cli,
			   "%s: '%s' is no age such as 30d, 12h or 45s, and no date "
			   "such as 2026-11-23",
			   what, value);
	return false;
}

bool age_read(const struct cli *cli, const char *what, const char *value, int64_t *age_us)
{
	int64_t time_us = 0;

	if (value == NULL || read_age(value, age_us))
		return true;
	if (!age_read_time(cli, what, value, &time_us))
		return false;
	*age_us = clock_now_us() - time_us;
	if (*age_us >= 0)
		return true;
	(void)errors_usage(cli, "%s: '%s' is still to come", what, value);
	return false;
}
