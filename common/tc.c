/* SPDX-License-Identifier: Apache-2.0 */
#include "common/tc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

#define HOOK_INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define HOOK_EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

static struct nl_msg *request(int type, int flags, struct tcmsg *tcm)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg || nlmsg_append(msg, tcm, sizeof(*tcm), NLMSG_ALIGNTO) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

/* ---- the qdisc ---- */

struct qdisc {
	int ifindex;
	bool found;
};

/* clsact and ingress have the same parent: an interface has one of them at most. */
static int take_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	struct qdisc *q = arg;

	if (nlh->nlmsg_type == RTM_NEWQDISC && tcm->tcm_ifindex == q->ifindex &&
	    tcm->tcm_parent == TC_H_CLSACT)
		q->found = true;
	return 0;
}

int tc_has_clsact(struct nl_sock *sk, int ifindex, bool *ret, struct err *err)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex };
	auto_nlmsg struct nl_msg *msg = request(RTM_GETQDISC, NLM_F_DUMP, &tcm);
	struct qdisc q = { .ifindex = ifindex };
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "list qdiscs");
	r = nlsock_dump(sk, msg, take_qdisc, NULL, &q, err);
	if (r < 0)
		return err_prefix(err, r, "list qdiscs");
	*ret = q.found;
	return 0;
}

int tc_clsact_add(struct nl_sock *sk, int ifindex, struct err *err)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex,
			     .tcm_parent = TC_H_CLSACT,
			     .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0) };
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &tcm);
	int r;

	if (!msg || nla_put_string(msg, TCA_KIND, "clsact") < 0)
		return err_sys(err, ENOMEM, "create qdisc 'clsact'");
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "create qdisc 'clsact'") : 0;
}

int tc_clsact_del(struct nl_sock *sk, int ifindex, struct err *err)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = TC_H_CLSACT };
	auto_nlmsg struct nl_msg *msg = request(RTM_DELQDISC, 0, &tcm);
	bool there = false;
	int r = tc_has_clsact(sk, ifindex, &there, err);

	if (r < 0)
		return r;
	if (!there) /* the kernel says EINVAL */
		return err_sys(err, ENOENT, "delete qdisc 'clsact'");
	if (!msg || nla_put_string(msg, TCA_KIND, "clsact") < 0)
		return err_sys(err, ENOMEM, "delete qdisc 'clsact'");
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "delete qdisc 'clsact'") : 0;
}

/* ---- filters ---- */

/* Each pref is listed as well, with handle 0. */
static int count_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	int *n = arg;

	if (nlh->nlmsg_type == RTM_NEWTFILTER && tcm->tcm_handle != 0)
		(*n)++;
	return 0;
}

static void forget_count(void *arg)
{
	*(int *)arg = 0;
}

int tc_filter_count(struct nl_sock *sk, int ifindex, struct err *err)
{
	static const uint32_t hooks[] = { HOOK_INGRESS, HOOK_EGRESS };
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = hooks[i] };
		auto_nlmsg struct nl_msg *msg = request(RTM_GETTFILTER, NLM_F_DUMP, &tcm);
		int r, here = 0;

		if (!msg)
			return err_sys(err, ENOMEM, "list filters");
		r = nlsock_dump(sk, msg, count_filter, forget_count, &here, err);
		if (r < 0)
			return err_prefix(err, r, "list filters");
		n += here;
	}
	return n;
}
