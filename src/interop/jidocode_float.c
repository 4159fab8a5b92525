/* SPDX-License-Identifier: MIT */
/*
 * A decimal of 15 digits or less is its own shortest form, as two of them are never the
 * same double; so most numbers are only laid out anew. The others are rounded to a double
 * and back with whole numbers of unlimited size: reading is one exact division, writing is
 * the algorithm of R. G. Burger and R. K. Dybvig, "Printing Floating-Point Numbers Quickly
 * and Accurately" (1996).
 */
#include "interop/jidocode_float.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/invariant.h"
#include "base/text.h"

enum {
	LIMBS = 160,          /* 5120 bits: 10 to the DIGITS_MAX + 400 and 64 more bits */
	DIGITS_MAX = 770,     /* no double's neighbour needs more digits to be told from it */
	DIGITS_OWN = 15,      /* digits that always survive being a double */
	POINT_SAFE = 290,     /* below it (both ways) no such number is denormal or too large */
	POINT_LIMIT = 400,    /* beyond it every number is 0 or too large */
	MANTISSA_BITS = 53,
	EXPONENT_MIN = -1074, /* of a mantissa that is a whole number */
	EXPONENT_MAX = 971,
	SHORTEST_MAX = 17,
};

/* 0.DIGITS times 10 to the power of point. count is 0 for zero. */
struct decimal {
	char digits[DIGITS_MAX + 1];
	size_t count;
	int64_t point;
	bool is_negative;
};

/* ---- Whole numbers ---- */

struct big {
	uint32_t limbs[LIMBS]; /* the lowest first; those from count on are not set */
	size_t count;          /* no zero limb at the end */
};

static void big_set(struct big *big, uint64_t value)
{
	big->count = 0;
	for (; value > 0; value >>= 32)
		big->limbs[big->count++] = (uint32_t)value;
}

/* big = big * factor + more. */
static void big_scale(struct big *big, uint32_t factor, uint32_t more)
{
	uint64_t carry = more;

	for (size_t i = 0; i < big->count; i++) {
		carry += (uint64_t)big->limbs[i] * factor;
		big->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry > 0) {
		INVARIANT(big->count < LIMBS);
		big->limbs[big->count++] = (uint32_t)carry;
	}
}

static void big_scale_ten(struct big *big, int64_t power)
{
	for (; power >= 9; power -= 9)
		big_scale(big, 1000000000, 0);
	for (; power > 0; power--)
		big_scale(big, 10, 0);
}

static void big_shift(struct big *big, size_t bits)
{
	size_t limbs = bits / 32;

	big_scale(big, UINT32_C(1) << bits % 32, 0);
	if (big->count == 0 || limbs == 0)
		return;
	INVARIANT(big->count + limbs <= LIMBS);
	memmove(big->limbs + limbs, big->limbs, big->count * sizeof big->limbs[0]);
	memset(big->limbs, 0, limbs * sizeof big->limbs[0]);
	big->count += limbs;
}

static int64_t big_bits(const struct big *big)
{
	if (big->count == 0)
		return 0;
	return (int64_t)big->count * 32 - __builtin_clz(big->limbs[big->count - 1]);
}

static int big_compare(const struct big *a, const struct big *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (size_t i = a->count; i-- > 0;) {
		if (a->limbs[i] != b->limbs[i])
			return a->limbs[i] < b->limbs[i] ? -1 : 1;
	}
	return 0;
}

/* a = a - b * factor, which is not above a. */
static void big_subtract_scaled(struct big *a, const struct big *b, uint32_t factor)
{
	uint64_t carry = 0;

	for (size_t i = 0; i < a->count; i++) {
		carry += i < b->count ? (uint64_t)b->limbs[i] * factor : 0;
		if (a->limbs[i] < (uint32_t)carry) {
			a->limbs[i] -= (uint32_t)carry;
			carry = (carry >> 32) + 1;
		} else {
			a->limbs[i] -= (uint32_t)carry;
			carry >>= 32;
		}
	}
	while (a->count > 0 && a->limbs[a->count - 1] == 0)
		a->count--;
}

/* a / b, which is below 2 to the power of 32; a becomes the remainder. b has the highest bit
 * of its highest limb set, so that this limb tells the quotient but for two or three. */
static uint32_t big_divide(struct big *a, const struct big *b)
{
	size_t n = b->count;
	uint64_t high;
	uint32_t quotient;

	if (a->count < n)
		return 0;
	high = a->limbs[n - 1] | (a->count > n ? (uint64_t)a->limbs[n] << 32 : 0);
	quotient = (uint32_t)(high / ((uint64_t)b->limbs[n - 1] + 1));
	big_subtract_scaled(a, b, quotient);
	for (; big_compare(a, b) >= 0; quotient++)
		big_subtract_scaled(a, b, 1);
	return quotient;
}

/* Zero bits before the highest one of the highest limb. */
static size_t big_slack(const struct big *big)
{
	return (size_t)__builtin_clz(big->limbs[big->count - 1]);
}

/* Compares a + b with c. */
static int big_compare_sum(const struct big *a, const struct big *b, const struct big *c)
{
	struct big sum = { .count = a->count > b->count ? a->count : b->count };
	uint64_t carry = 0;

	for (size_t i = 0; i < sum.count; i++) {
		carry += (uint64_t)(i < a->count ? a->limbs[i] : 0) +
			 (i < b->count ? b->limbs[i] : 0);
		sum.limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry > 0) {
		INVARIANT(sum.count < LIMBS);
		sum.limbs[sum.count++] = (uint32_t)carry;
	}
	return big_compare(&sum, c);
}

/* ---- From decimal to double ---- */

/* mantissa times 2 to the power of exponent. */
struct binary {
	uint64_t mantissa;
	int exponent;
};

/* above / below, which is below 2 to the power of 64; *ret_rest: it is not the whole of it. */
static uint64_t divide(struct big *above, struct big *below, bool *ret_rest)
{
	size_t slack = big_slack(below);
	struct big high;
	uint64_t quotient;

	big_shift(above, slack);
	big_shift(below, slack);
	high = *below;
	big_shift(&high, 32);
	quotient = (uint64_t)big_divide(above, &high) << 32;
	quotient |= big_divide(above, below);
	*ret_rest = above->count > 0;
	return quotient;
}

/* Drops so many bits, at least one, rounding to the nearest, of two as near to the even one.
 * has_rest: there was more behind the last bit. */
static uint64_t round_off(uint64_t value, int64_t bits, bool has_rest)
{
	uint64_t half;
	uint64_t kept;
	uint64_t dropped;

	if (bits > 63)
		return 0;
	half = UINT64_C(1) << (bits - 1);
	kept = value >> bits;
	dropped = value - (kept << bits);
	if (dropped > half || (dropped == half && (has_rest || (kept & 1) != 0)))
		kept++;
	return kept;
}

/* The digits as a whole number. */
static void read_digits(const struct decimal *decimal, struct big *ret_big)
{
	uint32_t part = 0;
	uint32_t scale = 1;

	big_set(ret_big, 0);
	for (size_t i = 0; i < decimal->count; i++) {
		part = part * 10 + (uint32_t)(decimal->digits[i] - '0');
		scale *= 10;
		if (scale == 1000000000 || i + 1 == decimal->count) {
			big_scale(ret_big, scale, part);
			part = 0;
			scale = 1;
		}
	}
}

/* Rounds to the nearest double; false: it is too large. A result of 0 is possible. */
static bool read_binary(const struct decimal *decimal, struct binary *ret_binary)
{
	int64_t power = decimal->point - (int64_t)decimal->count;
	struct big above;
	struct big below;
	int64_t shift;
	int64_t exponent;
	uint64_t quotient;
	bool has_rest;

	read_digits(decimal, &above);
	big_set(&below, 1);
	big_scale_ten(power > 0 ? &above : &below, power > 0 ? power : -power);
	/* So that the quotient has 55 or 56 bits: at least two more than are kept. */
	shift = MANTISSA_BITS + 2 - (big_bits(&above) - big_bits(&below));
	big_shift(shift > 0 ? &above : &below, (size_t)(shift > 0 ? shift : -shift));
	quotient = divide(&above, &below, &has_rest);
	exponent = 64 - __builtin_clzll(quotient) - MANTISSA_BITS - shift;
	if (exponent < EXPONENT_MIN)
		exponent = EXPONENT_MIN;
	quotient = round_off(quotient, exponent + shift, has_rest);
	if (quotient == UINT64_C(1) << MANTISSA_BITS) {
		quotient >>= 1;
		exponent++;
	}
	*ret_binary = (struct binary){ quotient, (int)exponent };
	return exponent <= EXPONENT_MAX;
}

/* ---- From double to decimal ---- */

/* rest / whole is what is left of the number; up and down are half the way to the next
 * doubles, in the same measure. */
struct printer {
	struct big rest;
	struct big whole;
	struct big up;
	struct big down;
	bool is_even; /* then the half ways themselves are read back as this double */
};

static void printer_begin(struct printer *printer, const struct binary *binary)
{
	bool is_uneven = binary->mantissa == UINT64_C(1) << (MANTISSA_BITS - 1) &&
			 binary->exponent > EXPONENT_MIN;
	size_t above = binary->exponent > 0 ? (size_t)binary->exponent : 0;
	size_t below = binary->exponent < 0 ? (size_t)-binary->exponent : 0;

	printer->is_even = (binary->mantissa & 1) == 0;
	big_set(&printer->rest, binary->mantissa);
	big_set(&printer->whole, 1);
	big_set(&printer->up, 1);
	big_set(&printer->down, 1);
	/* Below a power of two the doubles lie twice as close. */
	big_shift(&printer->rest, above + 1 + is_uneven);
	big_shift(&printer->whole, below + 1 + is_uneven);
	big_shift(&printer->up, above + is_uneven);
	big_shift(&printer->down, above);
}

static void printer_scale_ten(struct printer *printer, int64_t power)
{
	big_scale_ten(&printer->rest, power);
	big_scale_ten(&printer->up, power);
	big_scale_ten(&printer->down, power);
}

/* Whether the number with its upper half way reaches whole. */
static bool printer_reaches(const struct printer *printer)
{
	int order = big_compare_sum(&printer->rest, &printer->up, &printer->whole);

	return order > 0 || (order == 0 && printer->is_even);
}

/* Makes rest / whole less than 1, but as large as that allows; returns the power of ten. */
static int64_t printer_scale(struct printer *printer, const struct binary *binary)
{
	int64_t bits = binary->exponent + 63 - __builtin_clzll(binary->mantissa);
	/* At most the true one: the loop below only goes up. 0.30103 is a little too much. */
	int64_t point = bits >= 0 ? bits * 30102 / 100000 : bits * 30103 / 100000 - 1;
	size_t slack;

	big_scale_ten(&printer->whole, point > 0 ? point : 0);
	printer_scale_ten(printer, point < 0 ? -point : 0);
	for (; printer_reaches(printer); point++)
		big_scale(&printer->whole, 10, 0);
	slack = big_slack(&printer->whole); /* for big_divide */
	big_shift(&printer->whole, slack);
	big_shift(&printer->rest, slack);
	big_shift(&printer->up, slack);
	big_shift(&printer->down, slack);
	return point;
}

/* Whether the last digit is to be one more: the half of whole is nearer above. */
static bool is_nearer_above(const struct printer *printer, char digit)
{
	int order = big_compare_sum(&printer->rest, &printer->rest, &printer->whole);

	return order > 0 || (order == 0 && (digit & 1) != 0);
}

static void print(const struct binary *binary, struct decimal *ret_decimal)
{
	struct printer printer;
	bool is_low = false;
	bool is_high = false;

	printer_begin(&printer, binary);
	ret_decimal->point = printer_scale(&printer, binary);
	ret_decimal->count = 0;
	while (!is_low && !is_high) {
		char digit;
		int order;

		INVARIANT(ret_decimal->count < SHORTEST_MAX);
		printer_scale_ten(&printer, 1);
		digit = (char)('0' + big_divide(&printer.rest, &printer.whole));
		order = big_compare(&printer.rest, &printer.down);
		is_low = order < 0 || (order == 0 && printer.is_even);
		is_high = printer_reaches(&printer);
		if (is_high && (!is_low || is_nearer_above(&printer, digit)))
			digit++;
		ret_decimal->digits[ret_decimal->count++] = digit;
	}
}

/* ---- Text ---- */

/* Reads the exponent behind an 'e'; far out of range it stays at a limit. */
static int64_t read_exponent(const char *at, const char *end)
{
	bool is_negative = *at == '-';
	int64_t value = 0;

	if (*at == '-' || *at == '+')
		at++;
	for (; at < end; at++) {
		if (value < INT64_C(1) << 40)
			value = value * 10 + (*at - '0');
	}
	return is_negative ? -value : value;
}

/* Reads the digits, without zeros before and behind them. Those beyond DIGITS_MAX can only
 * tell that the number is above the others' value, which one digit more does as well. */
static void read_decimal(struct hf_slice number, struct decimal *ret_decimal)
{
	const char *at = number.data;
	const char *end = number.data + number.size;
	bool is_fraction = false;
	bool has_more = false;

	*ret_decimal = (struct decimal){ .is_negative = *at == '-' };
	at += ret_decimal->is_negative;
	for (; at < end && (*at | 0x20) != 'e'; at++) {
		if (*at == '.') {
			is_fraction = true;
			continue;
		}
		if (ret_decimal->count == 0 && *at == '0') {
			ret_decimal->point -= is_fraction;
			continue;
		}
		ret_decimal->point += !is_fraction;
		if (ret_decimal->count < DIGITS_MAX)
			ret_decimal->digits[ret_decimal->count++] = *at;
		else
			has_more = has_more || *at != '0';
	}
	if (has_more)
		ret_decimal->digits[ret_decimal->count++] = '1';
	if (at < end)
		ret_decimal->point += read_exponent(at + 1, end);
}

static void trim(struct decimal *decimal)
{
	while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0')
		decimal->count--;
}

/* Makes it the shortest decimal that is the same double. */
static int shorten(struct decimal *decimal)
{
	struct binary binary = { 0, 0 };

	trim(decimal);
	if (decimal->count == 0 || decimal->point < -POINT_LIMIT) {
		decimal->count = 0;
		return HF_OK;
	}
	if (decimal->point > POINT_LIMIT)
		return HF_ERR_JSON;
	if (decimal->count <= DIGITS_OWN && decimal->point < POINT_SAFE &&
	    decimal->point > -POINT_SAFE)
		return HF_OK;
	if (!read_binary(decimal, &binary))
		return HF_ERR_JSON;
	decimal->count = 0;
	if (binary.mantissa > 0)
		print(&binary, decimal);
	trim(decimal);
	return HF_OK;
}

/* Whether it is at least 2 to the power of 53. */
static bool is_large(const struct decimal *decimal)
{
	static const char limit[] = "9007199254740992";
	size_t size = sizeof limit - 1;
	int order;

	if (decimal->point != (int64_t)size)
		return decimal->point > (int64_t)size;
	order = memcmp(decimal->digits, limit, decimal->count < size ? decimal->count : size);
	return order > 0 || (order == 0 && decimal->count >= size);
}

static size_t put(char *text, size_t size, const char *bytes, size_t count)
{
	memcpy(text + size, bytes, count);
	return size + count;
}

static size_t put_zeros(char *text, size_t size, int64_t count)
{
	for (; count > 0; count--)
		text[size++] = '0';
	return size;
}

/* "1.25e-7" */
static size_t put_scientific(const struct decimal *decimal, char *text)
{
	int64_t exponent = decimal->point - 1;
	char digits[TEXT_U64_SIZE] = "";
	size_t size = put(text, 0, decimal->digits, 1);

	text[size++] = '.';
	if (decimal->count > 1)
		size = put(text, size, decimal->digits + 1, decimal->count - 1);
	else
		text[size++] = '0';
	text[size++] = 'e';
	if (exponent < 0)
		text[size++] = '-';
	return put(text, size, digits,
		   text_put_u64((uint64_t)(exponent < 0 ? -exponent : exponent), digits));
}

/* "0.00125", "1250.0" or "1.25", if decimal_size says that it is short enough. */
static size_t put_decimal(const struct decimal *decimal, char *text)
{
	int64_t count = (int64_t)decimal->count;
	size_t size = 0;

	if (decimal->point <= 0) {
		size = put(text, 0, "0.", 2);
		size = put_zeros(text, size, -decimal->point);
		return put(text, size, decimal->digits, decimal->count);
	}
	if (decimal->point >= count) {
		size = put(text, 0, decimal->digits, decimal->count);
		size = put_zeros(text, size, decimal->point - count);
		return put(text, size, ".0", 2);
	}
	size = put(text, 0, decimal->digits, (size_t)decimal->point);
	text[size++] = '.';
	return put(text, size, decimal->digits + decimal->point,
		   decimal->count - (size_t)decimal->point);
}

static int64_t decimal_size(const struct decimal *decimal)
{
	int64_t count = (int64_t)decimal->count;

	if (decimal->point <= 0)
		return 2 - decimal->point + count;
	return decimal->point >= count ? decimal->point + 2 : count + 1;
}

int jidocode_float_put(struct hf_slice number, char ret_text[static JIDOCODE_FLOAT_SIZE],
		       size_t *ret_size)
{
	struct decimal decimal;
	char scientific[JIDOCODE_FLOAT_SIZE];
	size_t size = 0;
	size_t other;
	int rc;

	read_decimal(number, &decimal);
	rc = shorten(&decimal);
	if (rc != HF_OK)
		return rc;
	if (decimal.is_negative)
		ret_text[size++] = '-';
	if (decimal.count == 0) {
		*ret_size = put(ret_text, size, "0.0", 3);
		return HF_OK;
	}
	other = put_scientific(&decimal, scientific);
	if (!is_large(&decimal) && decimal_size(&decimal) <= (int64_t)other)
		size += put_decimal(&decimal, ret_text + size);
	else
		size = put(ret_text, size, scientific, other);
	*ret_size = size;
	return HF_OK;
}
