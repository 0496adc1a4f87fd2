/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/base64.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Checks what is left at the end: it must be padded to a multiple of four, and have no bits that
 * are lost. */
static int finish(const char *rest, unsigned int n, uint32_t bits)
{
	size_t padding = 0;

	for (; *rest; rest++) {
		if (strchr(" \t\r\n", *rest))
			continue;
		if (*rest != '=')
			return -EINVAL;
		padding++;
	}
	if (n == 0)
		return padding ? -EINVAL : 0;
	if (n == 1 || padding != 4 - n)
		return -EINVAL;
	return bits & (n == 2 ? 0xf : 0x3) ? -EINVAL : 0;
}

int base64_decode(const char *text, char **ret, size_t *ret_len)
{
	auto_free char *out = malloc(strlen(text) / 4 * 3 + 4);
	unsigned int n = 0; /* digits of the group under way */
	uint32_t bits = 0;
	size_t len = 0;

	if (!out)
		return -ENOMEM;
	for (; *text && *text != '='; text++) {
		int d = digit(*text);

		if (d < 0 && strchr(" \t\r\n", *text))
			continue;
		if (d < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)d;
		if (++n > 1)
			out[len++] = (char)(bits >> (8 - 2 * n)); /* 4, 2, 0 bits wait */
		n %= 4;
	}
	if (finish(text, n, bits) < 0)
		return -EINVAL;
	out[len] = '\0';
	if (len == 0 || strlen(out) != len)
		return -EINVAL;
	*ret = TAKE_PTR(out);
	*ret_len = len;
	return 0;
}
