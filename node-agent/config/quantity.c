/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/quantity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define DIGITS_MAX 18 /* 10^18 * 1024^6 fits into 128 bits */
#define EXPONENT_MAX 99 /* further away, all numbers are too small or too large */

__extension__ typedef unsigned __int128 wide;

struct number { /* digits * 10^exponent * 2^shift */
	wide digits;
	int exponent, shift;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "12", "12.", "12.5", ".5": returns what is behind it, or NULL. */
static const char *read_digits(const char *p, struct number *n)
{
	bool point = false, any = false;
	int significant = 0;

	for (; is_digit(*p) || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		any = true;
		significant += significant > 0 || *p != '0';
		if (significant > DIGITS_MAX)
			return NULL;
		n->digits = 10 * n->digits + (wide)(*p - '0');
		n->exponent -= point;
	}
	return any ? p : NULL;
}

static bool read_exponent(const char *text, struct number *n)
{
	char *end;
	long e;

	if (!is_digit(text[0]) && !((text[0] == '+' || text[0] == '-') && is_digit(text[1])))
		return false;
	e = strtol(text, &end, 10);
	if (*end || e > EXPONENT_MAX || e < -EXPONENT_MAX)
		return false;
	n->exponent += (int)e;
	return true;
}

static bool read_suffix(const char *text, struct number *n)
{
	static const struct {
		const char *text;
		int exponent, shift;
	} suffixes[] = {
		{ "", 0, 0 },	 { "Ki", 0, 10 }, { "Mi", 0, 20 }, { "Gi", 0, 30 },
		{ "Ti", 0, 40 }, { "Pi", 0, 50 }, { "Ei", 0, 60 }, { "n", -9, 0 },
		{ "u", -6, 0 },	 { "m", -3, 0 },  { "k", 3, 0 },   { "M", 6, 0 },
		{ "G", 9, 0 },	 { "T", 12, 0 },  { "P", 15, 0 },  { "E", 18, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (strcmp(text, suffixes[i].text) != 0)
			continue;
		n->exponent += suffixes[i].exponent;
		n->shift = suffixes[i].shift;
		return true;
	}
	return (text[0] == 'e' || text[0] == 'E') && read_exponent(text + 1, n);
}

/* Rounded down and up; what is beyond max is as good as infinite. */
static void work_out(const struct number *n, int64_t max, wide *down, wide *up)
{
	const wide infinite = (wide)max + 1;
	wide value = n->digits << n->shift, rest = 0;

	for (int e = n->exponent; e > 0 && value > 0 && value < infinite; e--)
		value *= 10;
	for (int e = n->exponent; e < 0; e++) {
		rest |= value % 10;
		value /= 10;
	}
	*down = value;
	*up = value + (rest > 0);
}

int quantity_parse(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	struct number n = { .digits = 0 };
	const char *suffix = read_digits(text[0] == '+' ? text + 1 : text, &n);
	wide down, up;

	if (!suffix || !read_suffix(suffix, &n))
		return -EINVAL;
	work_out(&n, max, &down, &up);
	if (down < (wide)min || up > (wide)max)
		return -EINVAL;
	*ret = (int64_t)up;
	return 0;
}
