/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and prefixes. */
#ifndef SMC_COMMON_INET_H
#define SMC_COMMON_INET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct inet_addr {
	int family; /* AF_INET or AF_INET6 */
	uint8_t prefix_len; /* bits; 32 or 128 for a plain address */
	union {
		struct in_addr v4; /* network byte order */
		struct in6_addr v6;
	};
};

#define INET_TEXT_MAX 64

/* "10.1.0.2/24", "fd00::2/64", or without a prefix (then 32 or 128). Host bits are kept. -EINVAL
 * names the text. */
int inet_parse(const char *text, struct inet_addr *ret, struct err *err);

/* As inet_parse but a prefix is required and host bits must be zero: a CIDR. */
int inet_parse_cidr(const char *text, struct inet_addr *ret, struct err *err);

/* "a.b.c.d/len", always with the prefix. buf holds INET_TEXT_MAX bytes; returns buf. */
const char *inet_format(const struct inet_addr *addr, char *buf);

/* Without the prefix. */
const char *inet_format_addr(const struct inet_addr *addr, char *buf);

/* The address as IPv6, without its prefix: IPv4 as ::ffff:a.b.c.d. */
void inet_as_v6(const struct inet_addr *addr, uint8_t ret[16]);
/* And back, with a prefix of so many of the 128 bits; ::ffff:a.b.c.d with 96 of them or more is
 * IPv4. */
void inet_from_v6(const uint8_t address[16], uint8_t bits, struct inet_addr *ret);

/* True if net's prefix covers addr (same family). */
bool inet_covers(const struct inet_addr *net, const struct inet_addr *addr);

bool inet_equal(const struct inet_addr *a, const struct inet_addr *b);

#endif
