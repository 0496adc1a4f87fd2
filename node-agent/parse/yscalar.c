/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/yscalar.h"

#include <stdbool.h>
#include <string.h>

static bool is_digits(const char *s, const char *allowed)
{
	return *s && s[strspn(s, allowed)] == '\0';
}

static bool is_int(const char *s)
{
	if (strncmp(s, "0o", 2) == 0)
		return is_digits(s + 2, "01234567");
	if (strncmp(s, "0x", 2) == 0)
		return is_digits(s + 2, "0123456789abcdefABCDEF");
	if (*s == '-' || *s == '+')
		s++;
	return is_digits(s, "0123456789");
}

static bool is_one_of(const char *s, const char *const words[])
{
	for (; *words; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

static bool is_float(const char *s)
{
	static const char *const inf[] = { ".inf", ".Inf", ".INF", NULL };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN", NULL };
	const char *digits = "0123456789";
	size_t whole, fraction = 0;

	if (is_one_of(s, nan))
		return true;
	if (*s == '-' || *s == '+')
		s++;
	if (is_one_of(s, inf))
		return true;
	whole = strspn(s, digits);
	s += whole;
	if (*s == '.') {
		fraction = strspn(s + 1, digits);
		s += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		return is_digits(s, digits);
	}
	return *s == '\0';
}

enum ytree_type yscalar_type(const char *s)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const bools[] = {
		"true", "True", "TRUE", "false", "False", "FALSE", NULL
	};

	if (is_one_of(s, nulls))
		return YTREE_NULL;
	if (is_one_of(s, bools))
		return YTREE_BOOL;
	if (is_int(s))
		return YTREE_INT;
	return is_float(s) ? YTREE_FLOAT : YTREE_STRING;
}
