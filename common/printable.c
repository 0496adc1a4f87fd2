/* SPDX-License-Identifier: Apache-2.0 */
#include "common/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Length of the character at p, and its code point; 0: it is no UTF-8 (RFC 3629). */
static size_t decode(const unsigned char *p, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 && p[0] < 0xf8 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c = len == 1 ? p[0] : p[0] & (0xffU >> (len + 1));

	if ((p[0] >= 0x80 && p[0] < 0xc0) || p[0] >= 0xf8)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) /* the text's end, too */
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* Unicode's categories Cc and Cf, line and paragraph separators, and what is invisible beside them.
 */
static bool is_shown(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0x0, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },
		{ 0x600, 0x605 },     { 0x61c, 0x61c },	    { 0x6dd, 0x6dd },
		{ 0x70f, 0x70f },     { 0x8e2, 0x8e2 },	    { 0x115f, 0x1160 },
		{ 0x180b, 0x180e },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },   { 0x110bd, 0x110bd },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	}
	return true;
}

size_t printable_next(const char **text, char ret[PRINTABLE_ONE_MAX])
{
	const unsigned char *p = (const unsigned char *)*text;
	uint32_t c = 0;
	size_t len = decode(p, &c);

	ret[0] = '\0';
	if (!*p)
		return 0;
	*text += len ? len : 1;
	if (len && is_shown(c)) {
		memcpy(ret, p, len);
		ret[len] = '\0';
		return len;
	}
	if (len && (c == '\n' || c == '\t' || c == '\r'))
		return (size_t)snprintf(ret, PRINTABLE_ONE_MAX, "\\%c",
					c == '\n' ? 'n' :
					c == '\t' ? 't' :
						    'r');
	return (size_t)snprintf(ret, PRINTABLE_ONE_MAX, len > 1 ? "\\u{%x}" : "\\x%02x",
				len ? c : *p);
}

const char *printable(const char *text, char *buf, size_t size)
{
	char one[PRINTABLE_ONE_MAX];
	size_t used = 0, len;

	while ((len = printable_next(&text, one)) > 0 && used + len < size) {
		memcpy(buf + used, one, len);
		used += len;
	}
	buf[used] = '\0';
	return buf;
}

bool printable_is(const char *text)
{
	char one[PRINTABLE_ONE_MAX];
	const char *before = text;
	size_t len;

	while ((len = printable_next(&text, one)) > 0) {
		if (len != (size_t)(text - before) || memcmp(one, before, len) != 0)
			return false;
		before = text;
	}
	return true;
}
