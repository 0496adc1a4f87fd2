/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of nf_tables: those of iptables-nft have xtables' "owner" inside of an expression "match",
 * native ones load the user or group of a socket ("meta skuid"). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

#include "common/nlsock.h"
#include "common/printable.h"
#include "node-agent/conflict/impl.h"

#define TRIES 3 /* while somebody changes the rules */
#define NAME_MAX_TEXT 40

struct looked {
	int rules;
	bool found, too_many;
	char *what;
	size_t size;
};

static bool is_text(const struct nlattr *attr, const char *text)
{
	return attr && nla_len(attr) > (int)strlen(text) && !strcmp(nla_data(attr), text);
}

static bool loads_owner(struct nlattr *data)
{
	const struct nlattr *key = nla_find(nla_data(data), nla_len(data), NFTA_META_KEY);
	const struct nlattr *to = nla_find(nla_data(data), nla_len(data), NFTA_META_DREG);
	uint32_t value;

	if (!key || !to || nla_len(key) != sizeof(value))
		return false;
	value = ntohl(nla_get_u32(key));
	return value == NFT_META_SKUID || value == NFT_META_SKGID;
}

static bool expression_matches(struct nlattr *expression)
{
	void *head = nla_data(expression);
	int len = nla_len(expression);
	struct nlattr *name = nla_find(head, len, NFTA_EXPR_NAME);
	struct nlattr *data = nla_find(head, len, NFTA_EXPR_DATA);

	if (!data)
		return false;
	if (is_text(name, "match"))
		return is_text(nla_find(nla_data(data), nla_len(data), NFTA_MATCH_NAME), "owner");
	return is_text(name, "meta") && loads_owner(data);
}

static struct nlattr *rule_attr(const struct nlmsghdr *nlh, int type)
{
	return nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)nlh, sizeof(struct nfgenmsg), type);
}

bool conflict_nft_matches(const struct nlmsghdr *nlh)
{
	struct nlattr *list, *expression;
	int left;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) ||
	    !nlmsg_valid_hdr(nlh, sizeof(struct nfgenmsg)))
		return false;
	list = rule_attr(nlh, NFTA_RULE_EXPRESSIONS);
	if (!list)
		return false;
	nla_for_each_nested(expression, list, left) {
		if (nla_type(expression) == NFTA_LIST_ELEM && expression_matches(expression))
			return true;
	}
	return false;
}

/* The pod chose the name. */
static const char *name_of(const struct nlmsghdr *nlh, int type, char buf[NAME_MAX_TEXT])
{
	const struct nlattr *attr = rule_attr(nlh, type);
	char text[NAME_MAX_TEXT] = "";

	if (attr)
		(void)snprintf(text, sizeof(text), "%.*s", nla_len(attr),
			       (const char *)nla_data(attr));
	return printable(text, buf, NAME_MAX_TEXT);
}

static int take_rule(const struct nlmsghdr *nlh, void *arg)
{
	char table[NAME_MAX_TEXT], chain[NAME_MAX_TEXT];
	struct looked *looked = arg;

	looked->found = conflict_nft_matches(nlh);
	looked->too_many = ++looked->rules > CONFLICT_RULES_MAX;
	if (looked->found)
		(void)snprintf(looked->what, looked->size, "table '%s', chain '%s'",
			       name_of(nlh, NFTA_RULE_TABLE, table),
			       name_of(nlh, NFTA_RULE_CHAIN, chain));
	else if (looked->too_many)
		(void)snprintf(looked->what, looked->size,
			       "or may, as it has more than %d, too many to look through",
			       CONFLICT_RULES_MAX);
	return looked->found || looked->too_many ? NLSOCK_STOP : 0;
}

static int ask(int netns_fd, int timeout_ms, struct looked *looked, struct err *err)
{
	auto_nlmsg struct nl_msg *msg =
		nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_DUMP);
	struct nfgenmsg all = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	auto_nlsock struct nl_sock *sk = NULL;
	int r = nlsock_open(netns_fd, NETLINK_NETFILTER, timeout_ms, &sk, err);

	if (r < 0)
		return r;
	if (!msg || nlmsg_append(msg, &all, sizeof(all), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "list rules");
	return nlsock_query(sk, msg, take_rule, looked, err);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): take_rule() writes there */
int conflict_nft(int netns_fd, int timeout_ms, char *what, size_t size, struct err *err)
{
	struct looked looked = { .what = what, .size = size };
	int r = -EINTR;

	for (int i = 0; i < TRIES && r == -EINTR; i++) {
		looked.rules = 0;
		r = ask(netns_fd, timeout_ms, &looked, err);
	}
	if (looked.found || looked.too_many)
		return 1;
	/* A kernel without netfilter's netlink, or without nf_tables: the message is a good one. */
	if (r == -EPROTONOSUPPORT || r == -EINVAL || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? err_prefix(err, r, "list the rules of nf_tables") : 0;
}
