#include "common/tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

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
	r = nlsock_query(sk, msg, take_qdisc, &q, err);
	if (r < 0)
		return err_prefix(err, r, "list qdiscs");
	*ret = q.found;
	return 0;
}

int tc_clsact_add(struct nl_sock *sk, int ifindex, struct err *err)
{
	struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = TC_H_CLSACT,
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

int tc_filter_count(struct nl_sock *sk, int ifindex, struct err *err)
{
	static const uint32_t hooks[] = { HOOK_INGRESS, HOOK_EGRESS };
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct tcmsg tcm = { .tcm_ifindex = ifindex, .tcm_parent = hooks[i] };
		auto_nlmsg struct nl_msg *msg = request(RTM_GETTFILTER, NLM_F_DUMP, &tcm);
		int r;

		if (!msg)
			return err_sys(err, ENOMEM, "list filters");
		r = nlsock_query(sk, msg, count_filter, &n, err);
		if (r < 0)
			return err_prefix(err, r, "list filters");
	}
	return n;
}

static struct tcmsg address_of(const struct tc_redirect *r)
{
	return (struct tcmsg){
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = r->from,
		.tcm_parent = HOOK_INGRESS,
		.tcm_handle = r->handle,
		.tcm_info = TC_H_MAKE((uint32_t)r->pref << 16, htons(ETH_P_IP)),
	};
}

static const char *text_of(const struct tc_redirect *r, char buf[96])
{
	char dst[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &r->dst, dst, sizeof(dst));
	(void)snprintf(buf, 96, "redirect of UDP '%s:%u' (pref %u)", dst, r->dst_port, r->pref);
	return buf;
}

static int put_action(struct nl_msg *msg, int to)
{
	struct tc_mirred parms = { .action = TC_ACT_STOLEN, .eaction = TCA_INGRESS_REDIR,
				   .ifindex = (uint32_t)to };
	struct nlattr *acts = nla_nest_start(msg, TCA_FLOWER_ACT);
	struct nlattr *act = acts ? nla_nest_start(msg, 1) : NULL;
	struct nlattr *options;

	if (!act || nla_put_string(msg, TCA_ACT_KIND, "mirred") < 0)
		return -ENOMEM;
	options = nla_nest_start(msg, TCA_ACT_OPTIONS);
	if (!options || nla_put(msg, TCA_MIRRED_PARMS, sizeof(parms), &parms) < 0)
		return -ENOMEM;
	(void)nla_nest_end(msg, options);
	(void)nla_nest_end(msg, act);
	(void)nla_nest_end(msg, acts);
	return 0;
}

/* A key without a mask is compared in full. */
static int put_flower(struct nl_msg *msg, const struct tc_redirect *r)
{
	struct nlattr *options;

	if (nla_put_string(msg, TCA_KIND, "flower") < 0)
		return -ENOMEM;
	options = nla_nest_start(msg, TCA_OPTIONS);
	if (!options || nla_put_u16(msg, TCA_FLOWER_KEY_ETH_TYPE, htons(ETH_P_IP)) < 0 ||
	    nla_put_u8(msg, TCA_FLOWER_KEY_IP_PROTO, IPPROTO_UDP) < 0 ||
	    nla_put_u32(msg, TCA_FLOWER_KEY_IPV4_DST, r->dst.s_addr) < 0 ||
	    nla_put_u16(msg, TCA_FLOWER_KEY_UDP_DST, htons(r->dst_port)) < 0 ||
	    nla_put_u32(msg, TCA_FLOWER_FLAGS, TCA_CLS_FLAGS_SKIP_HW) < 0 || put_action(msg, r->to) < 0)
		return -ENOMEM;
	(void)nla_nest_end(msg, options);
	return 0;
}

int tc_redirect_add(struct nl_sock *sk, const struct tc_redirect *r, struct err *err)
{
	struct tcmsg tcm = address_of(r);
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm);
	char text[96];
	int rc;

	if (!msg || put_flower(msg, r) < 0)
		return err_sys(err, ENOMEM, "add %s", text_of(r, text));
	rc = nlsock_talk(sk, msg, err);
	return rc < 0 ? err_prefix(err, rc, "add %s", text_of(r, text)) : 0;
}

int tc_redirect_del(struct nl_sock *sk, const struct tc_redirect *r, struct err *err)
{
	struct tcmsg tcm = address_of(r);
	auto_nlmsg struct nl_msg *msg = request(RTM_DELTFILTER, 0, &tcm);
	char text[96];
	int rc;

	if (!msg || nla_put_string(msg, TCA_KIND, "flower") < 0)
		return err_sys(err, ENOMEM, "delete %s", text_of(r, text));
	rc = nlsock_talk(sk, msg, err);
	return rc < 0 ? err_prefix(err, rc, "delete %s", text_of(r, text)) : 0;
}

/* ---- reading a redirect back ---- */

/* The target of the first action if that is our kind of redirect, else 0. */
static int target_of(struct nlattr *acts)
{
	struct nlattr *act[TCA_ACT_MAX + 1], *mirred[TCA_MIRRED_MAX + 1], *first;
	const struct tc_mirred *parms;

	first = nla_find(nla_data(acts), nla_len(acts), 1);
	if (!first || nla_parse_nested(act, TCA_ACT_MAX, first, NULL) < 0 || !act[TCA_ACT_KIND] ||
	    nla_strcmp(act[TCA_ACT_KIND], "mirred") != 0 || !act[TCA_ACT_OPTIONS] ||
	    nla_parse_nested(mirred, TCA_MIRRED_MAX, act[TCA_ACT_OPTIONS], NULL) < 0 ||
	    !mirred[TCA_MIRRED_PARMS] || nla_len(mirred[TCA_MIRRED_PARMS]) < (int)sizeof(*parms))
		return 0;
	parms = nla_data(mirred[TCA_MIRRED_PARMS]);
	return parms->eaction == TCA_INGRESS_REDIR ? (int)parms->ifindex : 0;
}

static int take_redirect(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	struct nlattr *attrs[TCA_MAX + 1], *keys[TCA_FLOWER_MAX + 1];
	struct tc_redirect *ret = arg;

	if (nlh->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	if (nla_parse(attrs, TCA_MAX, nlmsg_attrdata(nlh, sizeof(*tcm)),
		      nlmsg_attrlen(nlh, sizeof(*tcm)), NULL) < 0)
		return -EPROTO;
	if (!attrs[TCA_KIND] || nla_strcmp(attrs[TCA_KIND], "flower") != 0 || !attrs[TCA_OPTIONS] ||
	    nla_parse_nested(keys, TCA_FLOWER_MAX, attrs[TCA_OPTIONS], NULL) < 0)
		return 0;
	if (keys[TCA_FLOWER_KEY_IPV4_DST])
		ret->dst.s_addr = nla_get_u32(keys[TCA_FLOWER_KEY_IPV4_DST]);
	if (keys[TCA_FLOWER_KEY_UDP_DST])
		ret->dst_port = ntohs(nla_get_u16(keys[TCA_FLOWER_KEY_UDP_DST]));
	if (keys[TCA_FLOWER_ACT])
		ret->to = target_of(keys[TCA_FLOWER_ACT]);
	return 0;
}

int tc_redirect_get(struct nl_sock *sk, const struct tc_redirect *r, struct tc_redirect *ret,
		    struct err *err)
{
	struct tcmsg tcm = address_of(r);
	auto_nlmsg struct nl_msg *msg = request(RTM_GETTFILTER, 0, &tcm);
	struct tc_redirect found = { .from = r->from, .pref = r->pref, .handle = r->handle };
	char text[96];
	int rc;

	if (!msg)
		return err_sys(err, ENOMEM, "look up %s", text_of(r, text));
	rc = nlsock_query(sk, msg, take_redirect, &found, err);
	if (rc == -EINVAL) /* no chain of filters, or no qdisc: cls_api.c, tc_get_tfilter */
		rc = -ENOENT;
	if (rc < 0)
		return err_prefix(err, rc, "look up %s", text_of(r, text));
	*ret = found;
	return 0;
}
