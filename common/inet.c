/* SPDX-License-Identifier: Apache-2.0 */
#include "common/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t *bytes_of(const struct inet_addr *addr)
{
	return addr->family == AF_INET ? (const uint8_t *)&addr->v4 : addr->v6.s6_addr;
}

static unsigned int bits_of(const struct inet_addr *addr)
{
	return addr->family == AF_INET ? 32 : 128;
}

/* Decimal digits only, no leading zero: what kernel tools and Kubernetes write. */
static int parse_prefix(const char *text, unsigned int max, uint8_t *ret)
{
	size_t len = strspn(text, "0123456789");
	unsigned int value = 0;

	if (len == 0 || len > 3 || text[len] != '\0' || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned int)(text[i] - '0');
	if (value > max)
		return -EINVAL;
	*ret = (uint8_t)value;
	return 0;
}

static int parse(const char *text, struct inet_addr *ret, bool *ret_has_prefix)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct inet_addr addr = { 0 };
	char host[INET6_ADDRSTRLEN];

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &addr.v4) == 1)
		addr.family = AF_INET;
	else if (inet_pton(AF_INET6, host, &addr.v6) == 1)
		addr.family = AF_INET6;
	else
		return -EINVAL;
	addr.prefix_len = (uint8_t)bits_of(&addr);
	if (slash && parse_prefix(slash + 1, bits_of(&addr), &addr.prefix_len) < 0)
		return -EINVAL;
	*ret_has_prefix = slash != NULL;
	*ret = addr;
	return 0;
}

int inet_parse(const char *text, struct inet_addr *ret, struct err *err)
{
	bool has_prefix;

	if (parse(text, ret, &has_prefix) < 0)
		return err_set(
			err, -EINVAL,
			"parse address '%s': expected an IPv4 or IPv6 address, with or without /prefix",
			text);
	return 0;
}

static bool host_bits_are_zero(const struct inet_addr *addr)
{
	const uint8_t *bytes = bytes_of(addr);

	for (unsigned int bit = addr->prefix_len; bit < bits_of(addr); bit++) {
		if (bytes[bit / 8] & (0x80U >> bit % 8))
			return false;
	}
	return true;
}

int inet_parse_cidr(const char *text, struct inet_addr *ret, struct err *err)
{
	struct inet_addr addr;
	bool has_prefix;

	if (parse(text, &addr, &has_prefix) < 0 || !has_prefix)
		return err_set(
			err, -EINVAL,
			"parse CIDR '%s': expected a network such as 10.1.0.0/16 or fd00::/64",
			text);
	if (!host_bits_are_zero(&addr))
		return err_set(err, -EINVAL,
			       "parse CIDR '%s': bits after the /%u prefix must be zero", text,
			       addr.prefix_len);
	*ret = addr;
	return 0;
}

const char *inet_format_addr(const struct inet_addr *addr, char *buf)
{
	if (!inet_ntop(addr->family, bytes_of(addr), buf, INET_TEXT_MAX))
		(void)snprintf(buf, INET_TEXT_MAX, "?");
	return buf;
}

const char *inet_format(const struct inet_addr *addr, char *buf)
{
	size_t used;

	(void)inet_format_addr(addr, buf);
	used = strlen(buf);
	(void)snprintf(buf + used, INET_TEXT_MAX - used, "/%u", addr->prefix_len);
	return buf;
}

void inet_as_v6(const struct inet_addr *addr, uint8_t ret[16])
{
	size_t len = bits_of(addr) / 8;

	memset(ret, 0, 16);
	if (addr->family == AF_INET)
		ret[10] = ret[11] = 0xff;
	memcpy(ret + 16 - len, bytes_of(addr), len);
}

void inet_from_v6(const uint8_t address[16], uint8_t bits, struct inet_addr *ret)
{
	*ret = (struct inet_addr){ .family = AF_INET6, .prefix_len = bits };
	memcpy(&ret->v6, address, sizeof(ret->v6));
	if (bits < 96 || !IN6_IS_ADDR_V4MAPPED(&ret->v6))
		return;
	*ret = (struct inet_addr){ .family = AF_INET, .prefix_len = (uint8_t)(bits - 96) };
	memcpy(&ret->v4, address + 12, sizeof(ret->v4));
}

bool inet_covers(const struct inet_addr *net, const struct inet_addr *addr)
{
	const uint8_t *a = bytes_of(net), *b = bytes_of(addr);
	size_t whole = net->prefix_len / 8;
	unsigned int rest = net->prefix_len % 8;

	if (net->family != addr->family || memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool inet_equal(const struct inet_addr *a, const struct inet_addr *b)
{
	return a->family == b->family && a->prefix_len == b->prefix_len &&
	       memcmp(bytes_of(a), bytes_of(b), bits_of(a) / 8) == 0;
}
