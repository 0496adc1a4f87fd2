/* SPDX-License-Identifier: Apache-2.0 */
#include "common/rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

#define L3MDEV_PREF 1000 /* drivers/net/vrf.c: FIB_RULE_PREF */

static const struct {
	uint32_t bit;
	uint8_t family;
	const char *name;
} families[] = {
	{ RULE_IPV4, AF_INET, "IPv4" },
	{ RULE_IPV6, AF_INET6, "IPv6" },
	{ RULE_IPMR, RTNL_FAMILY_IPMR, "IPv4 multicast" },
	{ RULE_IP6MR, RTNL_FAMILY_IP6MR, "IPv6 multicast" },
};

struct seen {
	uint32_t table; /* the one looked for */
	bool used;
	bool l3mdev; /* the kernel's own rule was met */
};

static int take_rule(const struct nlmsghdr *nlh, void *arg)
{
	const struct fib_rule_hdr *hdr = nlmsg_data(nlh);
	struct nlattr *attrs[FRA_MAX + 1];
	struct seen *seen = arg;

	if (nlh->nlmsg_type != RTM_NEWRULE)
		return 0;
	if (nla_parse(attrs, FRA_MAX, nlmsg_attrdata(nlh, sizeof(*hdr)),
		      nlmsg_attrlen(nlh, sizeof(*hdr)), NULL) < 0)
		return -EPROTO;
	if (attrs[FRA_TABLE] ? nla_get_u32(attrs[FRA_TABLE]) == seen->table :
			       hdr->table == seen->table)
		seen->used = true;
	if (attrs[FRA_L3MDEV] && nla_get_u8(attrs[FRA_L3MDEV]) && attrs[FRA_PRIORITY] &&
	    nla_get_u32(attrs[FRA_PRIORITY]) == L3MDEV_PREF && attrs[FRA_PROTOCOL] &&
	    nla_get_u8(attrs[FRA_PROTOCOL]) == RTPROT_KERNEL)
		seen->l3mdev = true;
	return 0;
}

/* A kernel without the family (no IPv6, no multicast routing) has no rules of it. */
static int list(struct nl_sock *sk, size_t i, struct seen *seen, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETRULE, NLM_F_DUMP);
	struct fib_rule_hdr hdr = { .family = families[i].family };
	int r;

	if (!msg || nlmsg_append(msg, &hdr, sizeof(hdr), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "list %s rules", families[i].name);
	r = nlsock_dump(sk, msg, take_rule, NULL, seen, err);
	if (r == -EAFNOSUPPORT || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? err_prefix(err, r, "list %s rules", families[i].name) : 0;
}

int rule_l3mdev_get(struct nl_sock *sk, uint32_t *ret_families, struct err *err)
{
	uint32_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct seen seen = { .l3mdev = false };
		int r = list(sk, i, &seen, err);

		if (r < 0)
			return r;
		if (seen.l3mdev)
			found |= families[i].bit;
	}
	*ret_families = found;
	return 0;
}

int rule_uses_table(struct nl_sock *sk, uint32_t table, bool *ret, struct err *err)
{
	struct seen seen = { .table = table };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int r = list(sk, i, &seen, err);

		if (r < 0)
			return r;
	}
	*ret = seen.used;
	return 0;
}

static int del(struct nl_sock *sk, size_t i, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_DELRULE, 0);
	struct fib_rule_hdr hdr = { .family = families[i].family, .action = FR_ACT_TO_TBL };
	int r;

	if (!msg || nlmsg_append(msg, &hdr, sizeof(hdr), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, FRA_PRIORITY, L3MDEV_PREF) < 0 || nla_put_u8(msg, FRA_L3MDEV, 1) < 0 ||
	    nla_put_u8(msg, FRA_PROTOCOL, RTPROT_KERNEL) < 0)
		return err_sys(err, ENOMEM, "delete %s l3mdev rule", families[i].name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "delete %s l3mdev rule", families[i].name) : 0;
}

int rule_l3mdev_del(struct nl_sock *sk, uint32_t wanted, struct err *err)
{
	uint32_t there = 0;
	int r = rule_l3mdev_get(sk, &there, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++) {
		if (!(families[i].bit & wanted & there))
			continue;
		r = del(sk, i, err);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}
