/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a routing table for our VRF that nobody uses. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/nlsock.h"
#include "common/rule.h"
#include "node-agent/hostnet/impl.h"

struct search {
	uint32_t table;
	bool used;
};

static int take_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(nlh);
	struct search *s = arg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return 0;
	attr = nla_find(nlmsg_attrdata(nlh, sizeof(*rtm)), nlmsg_attrlen(nlh, sizeof(*rtm)),
			RTA_TABLE);
	if ((attr ? nla_get_u32(attr) : rtm->rtm_table) == s->table)
		s->used = true;
	return 0;
}

static int has_routes(struct nl_sock *rt, uint32_t table, bool *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg rtm = { .rtm_family = AF_UNSPEC };
	struct search s = { .table = table };
	int r;

	if (!msg || nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "list routes");
	r = nlsock_dump(rt, msg, take_route, NULL, &s, err);
	if (r < 0)
		return err_prefix(err, r, "list routes");
	*ret = s.used;
	return 0;
}

static int has_vrf(struct nl_sock *rt, uint32_t table, bool *ret, struct err *err)
{
	auto_free struct link *links = NULL;
	int n = link_list(rt, &links, err);

	if (n < 0)
		return n;
	*ret = false;
	for (int i = 0; i < n; i++)
		*ret |= links[i].vrf_table == table;
	return 0;
}

static int in_use(struct nl_sock *rt, uint32_t table, bool *ret, struct err *err)
{
	int r = has_vrf(rt, table, ret, err);

	if (r == 0 && !*ret)
		r = rule_uses_table(rt, table, ret, err);
	if (r == 0 && !*ret)
		r = has_routes(rt, table, ret, err);
	return r;
}

int hostnet_table_pick(struct nl_sock *rt, uint32_t had, uint32_t *ret, struct err *err)
{
	bool used = true;
	int r = had ? in_use(rt, had, &used, err) : 0;

	if (r == 0 && !used) {
		*ret = had;
		return 0;
	}
	for (uint32_t table = HOSTNET_TABLE_FIRST; r == 0 && table <= HOSTNET_TABLE_LAST; table++) {
		r = in_use(rt, table, &used, err);
		if (r == 0 && !used) {
			*ret = table;
			return 0;
		}
	}
	if (r < 0)
		return r;
	return err_set(err, -EBUSY, "create VRF '%s': the routing tables %u to %u are all in use",
		       HOSTNET_VRF, HOSTNET_TABLE_FIRST, HOSTNET_TABLE_LAST);
}
