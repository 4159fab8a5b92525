/* SPDX-License-Identifier: MIT */
#include "cli/clock.h"

#include <time.h>

static const int64_t us_per_second = 1000000;

static void put_date(struct strbuf *out, const struct tm *date, char between)
{
	strbuf_printf(out, "%04d-%02d-%02d%c%02d:%02d:%02d", date->tm_year + 1900, date->tm_mon + 1,
		      date->tm_mday, between, date->tm_hour, date->tm_min, date->tm_sec);
}

int64_t clock_now_us(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * us_per_second + now.tv_nsec / 1000;
}

void clock_put_utc(struct strbuf *out, int64_t time_us)
{
	int64_t rest = (time_us % us_per_second + us_per_second) % us_per_second;
	time_t seconds = (time_t)((time_us - rest) / us_per_second);
	struct tm date = { 0 };

	(void)gmtime_r(&seconds, &date);
	put_date(out, &date, 'T');
	strbuf_printf(out, ".%06dZ", (int)rest);
}

void clock_put_local(struct strbuf *out, int64_t time_us)
{
	time_t seconds = (time_t)(time_us / us_per_second);
	struct tm date = { 0 };

	(void)localtime_r(&seconds, &date);
	put_date(out, &date, ' ');
}
