/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t text_put_u64(uint64_t number, char digits[static TEXT_U64_SIZE])
{
	char reversed[TEXT_U64_SIZE];
	size_t count = 0;

	do {
		reversed[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	for (size_t i = 0; i < count; i++)
		digits[i] = reversed[count - 1 - i];
	return count;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline unsigned digit_value(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

size_t text_take_u64(const char *text, size_t size, uint64_t *ret_number)
{
	size_t max = size < TEXT_U64_SIZE - 1 ? size : (size_t)TEXT_U64_SIZE - 1;
	uint64_t number = 0;
	size_t count = 0;

	/* So many digits cannot overflow. */
	while (count < max && is_digit(text[count]))
		number = number * 10 + digit_value(text[count++]);
	for (; count >= max && count < size && is_digit(text[count]); count++) {
		if (number > (UINT64_MAX - digit_value(text[count])) / 10)
			return 0;
		number = number * 10 + digit_value(text[count]);
	}
	if (count > 1 && text[0] == '0')
		return 0;
	if (count > 0)
		*ret_number = number;
	return count;
}

bool text_get_u64(const char *text, size_t size, uint64_t *ret_number)
{
	uint64_t number;

	if (size == 0 || size > TEXT_U64_SIZE || text_take_u64(text, size, &number) != size)
		return false;
	*ret_number = number;
	return true;
}

void text_put_base64_32(const uint8_t bytes[static 32], char text[static TEXT_BASE64_32_SIZE])
{
	size_t out = 0;

	for (size_t i = 0; i < 30; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];

		text[out++] = base64_digits[group >> 18];
		text[out++] = base64_digits[group >> 12 & 63];
		text[out++] = base64_digits[group >> 6 & 63];
		text[out++] = base64_digits[group & 63];
	}
	text[out++] = base64_digits[bytes[30] >> 2];
	text[out++] = base64_digits[(bytes[30] << 4 & 48) | bytes[31] >> 4];
	text[out++] = base64_digits[bytes[31] << 2 & 60];
}

/* 0 to 63, or 64 for a character that is no digit of base64url. What is looked up is
 * text that anybody can read, so the table's timing tells nothing. */
static const uint8_t base64_values[256] = {
#define NO 64
#define NO4 NO, NO, NO, NO
#define NO16 NO4, NO4, NO4, NO4
	NO16, NO16, NO4, NO4, NO4, NO, 62, NO, NO,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO4,
	NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
	NO16, NO16, NO16, NO16, NO16, NO16, NO16, NO16,
#undef NO16
#undef NO4
#undef NO
};

static uint32_t base64_value(char digit)
{
	return base64_values[(unsigned char)digit];
}

bool text_get_base64_32(const char text[static TEXT_BASE64_32_SIZE], uint8_t ret_bytes[static 32])
{
	uint32_t bad = 0;
	size_t in = 0;
	uint32_t group;

	for (size_t out = 0; out < 30; out += 3, in += 4) {
		uint32_t a = base64_value(text[in]), b = base64_value(text[in + 1]);
		uint32_t c = base64_value(text[in + 2]), d = base64_value(text[in + 3]);

		bad |= a | b | c | d;
		group = a << 18 | b << 12 | c << 6 | d;
		ret_bytes[out] = (uint8_t)(group >> 16);
		ret_bytes[out + 1] = (uint8_t)(group >> 8);
		ret_bytes[out + 2] = (uint8_t)group;
	}
	group = base64_value(text[in]) << 12 | base64_value(text[in + 1]) << 6 |
		base64_value(text[in + 2]);
	bad |= base64_value(text[in]) | base64_value(text[in + 1]) | base64_value(text[in + 2]);
	ret_bytes[30] = (uint8_t)(group >> 10);
	ret_bytes[31] = (uint8_t)(group >> 2);
	return bad < 64 && (group & 3) == 0;
}

void text_put_hex(const uint8_t *bytes, size_t size, char *text)
{
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = hex_digits[bytes[i] >> 4];
		text[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
}

enum { US_PER_SECOND = 1000000 };
static const int64_t us_per_day = INT64_C(86400) * US_PER_SECOND;
static const int64_t days_min = -719528; /* 0000-01-01 */
static const int64_t days_max = 2932896; /* 9999-12-31 */

static void put_digits(char *text, unsigned count, uint64_t number)
{
	while (count-- > 0) {
		text[count] = (char)('0' + number % 10);
		number /= 10;
	}
}

void text_put_time(int64_t time_us, char text[static TEXT_TIME_SIZE])
{
	int64_t days = time_us / us_per_day;
	int64_t rest = time_us % us_per_day;
	int64_t era, year, month;
	uint64_t day_of_era, year_of_era, day_of_year, shifted;

	if (rest < 0) {
		rest += us_per_day;
		days--;
	}
	if (days < days_min || days > days_max) {
		rest = days < days_min ? 0 : us_per_day - 1;
		days = days < days_min ? days_min : days_max;
	}
	days += 719468; /* from 0000-03-01 on */
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = (uint64_t)(days - era * 146097);
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted = (5 * day_of_year + 2) / 153;
	month = (int64_t)(shifted < 10 ? shifted + 3 : shifted - 9);
	year = (int64_t)year_of_era + era * 400 + (month <= 2);
	memcpy(text, "0000-00-00T00:00:00.000000Z", TEXT_TIME_SIZE);
	put_digits(text, 4, (uint64_t)year);
	put_digits(text + 5, 2, (uint64_t)month);
	put_digits(text + 8, 2, day_of_year - (153 * shifted + 2) / 5 + 1);
	put_digits(text + 11, 2, (uint64_t)(rest / (INT64_C(3600) * US_PER_SECOND)));
	put_digits(text + 14, 2, (uint64_t)(rest / (INT64_C(60) * US_PER_SECOND) % 60));
	put_digits(text + 17, 2, (uint64_t)(rest / US_PER_SECOND % 60));
	put_digits(text + 20, 6, (uint64_t)(rest % US_PER_SECOND));
}

/* The number that two characters make, which are known to be digits. */
static inline int64_t two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

static inline int64_t four_digits(const char *text)
{
	return two_digits(text) * 100 + two_digits(text + 2);
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The days from 0000-01-01 to the first of a month. */
static int64_t days_before_month(int64_t year, int64_t month)
{
	static const uint16_t days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };

	return year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400 +
	       days[month - 1] + (month > 2 && is_leap(year));
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Not zero unless each of eight characters is the one of low, or a digit from that of low,
 * which is then 0, up to that of high. Eight at a time, since each record that is read has
 * a time; inline, so that the compiler sees the constants. */
static inline uint64_t outside(const char *text, const char *low, const char *high)
{
	static const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t word, base, top;

	memcpy(&word, text, sizeof word);
	memcpy(&base, low, sizeof base);
	memcpy(&top, high, sizeof top);
	/* What was a digit is its value now, and what had to be equal is 0. A byte above its
	 * limit gets its high bit set, and none is carried over to the next. */
	word ^= base;
	return (word | ((word & low_bits) + (low_bits - (base ^ top)))) & ~low_bits;
}

bool text_is_time(const char text[static TEXT_TIME_SIZE])
{
	int64_t month, day;

	if ((outside(text, "0000-00-", "9999-19-") | outside(text + 8, "00T00:00", "39T29:59") |
	     outside(text + 16, ":00.0000", ":59.9999") |
	     outside(text + 19, ".000000Z", ".999999Z")) != 0)
		return false;
	month = two_digits(text + 5);
	day = two_digits(text + 8);
	return month >= 1 && month <= 12 && day >= 1 &&
	       (day <= 28 || day <= days_in_month(four_digits(text), month)) &&
	       two_digits(text + 11) < 24;
}

bool text_get_time(const char text[static TEXT_TIME_SIZE], int64_t *ret_time_us)
{
	int64_t days, seconds;

	if (!text_is_time(text))
		return false;
	days = days_min + days_before_month(four_digits(text), two_digits(text + 5)) +
	       two_digits(text + 8) - 1;
	seconds = two_digits(text + 11) * 3600 + two_digits(text + 14) * 60 + two_digits(text + 17);
	*ret_time_us = days * us_per_day + seconds * US_PER_SECOND + four_digits(text + 20) * 100 +
		       two_digits(text + 24);
	return true;
}

static bool uuid_has_dash(size_t position)
{
	return position == 8 || position == 13 || position == 18 || position == 23;
}

void text_put_uuid(const uint8_t bytes[static 16], char text[static TEXT_UUID_SIZE])
{
	size_t in = 0;

	for (size_t i = 0; i < TEXT_UUID_SIZE; in++) {
		if (uuid_has_dash(i))
			text[i++] = '-';
		text[i++] = hex_digits[bytes[in] >> 4];
		text[i++] = hex_digits[bytes[in] & 15];
	}
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool text_get_uuid(const char *text, size_t size, uint8_t ret_bytes[static 16])
{
	uint8_t bytes[16];
	size_t out = 0;

	if (size != TEXT_UUID_SIZE)
		return false;
	for (size_t i = 0; i < TEXT_UUID_SIZE; out++) {
		if (uuid_has_dash(i) && text[i++] != '-')
			return false;
		if (hex_value(text[i]) < 0 || hex_value(text[i + 1]) < 0)
			return false;
		bytes[out] = (uint8_t)(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
		i += 2;
	}
	memcpy(ret_bytes, bytes, sizeof bytes);
	return true;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The second byte's bounds keep out overlong forms, surrogates and what is beyond
 * U+10FFFF (The Unicode Standard, table 3-7). */
static bool second_fits(unsigned char first, char text)
{
	unsigned char second = (unsigned char)text;
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t text_utf8_length(const char *text, size_t size)
{
	unsigned char first = size > 0 ? (unsigned char)text[0] : 0xff;
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || size < length || !second_fits(first, text[1]))
		return 0;
	for (size_t i = 2; i < length; i++) {
		if (!is_continuation(text[i]))
			return 0;
	}
	return length;
}

bool text_is_utf8(const char *text, size_t size)
{
	while (size > 0) {
		size_t length = text_utf8_length(text, size);

		if (length == 0)
			return false;
		text += length;
		size -= length;
	}
	return true;
}

size_t text_path_size(const char *path, size_t size)
{
	while (size > 1 && path[size - 1] == '/')
		size--;
	return size;
}

void text_copy(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		length = size - 1;
	memcpy(field, text, length);
	field[length] = '\0';
}
