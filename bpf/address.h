/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An address as the rules of offers and the paths to peers have it. Included by *.bpf.c only. */
#ifndef SMC_BPF_ADDRESS_H
#define SMC_BPF_ADDRESS_H

#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <stdbool.h>

struct address {
	__u32 word[4]; /* network byte order; IPv4 as ::ffff:a.b.c.d */
};

static __always_inline struct address address_of_ipv4(__u32 be)
{
	return (struct address){ .word = { 0, 0, bpf_htonl(0xffff), be } };
}

static __always_inline bool address_is_ipv4(const struct address *a)
{
	return !a->word[0] && !a->word[1] && a->word[2] == bpf_htonl(0xffff);
}

static __always_inline bool address_equal(const struct address *a, const struct address *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] &&
	       a->word[3] == b->word[3];
}

static __always_inline bool address_is_loopback(const struct address *a)
{
	if (address_is_ipv4(a))
		return (a->word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !a->word[0] && !a->word[1] && !a->word[2] && a->word[3] == bpf_htonl(1);
}

#endif
