/* SPDX-License-Identifier: Apache-2.0 */
/* A redirect is a u32 filter with one action, mirred. */
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
#include "common/tc.h"

#define N_KEYS 5

struct selector {
	struct tc_u32_key keys[N_KEYS];
};

static struct tc_u32_key key(int off, uint32_t val, uint32_t mask)
{
	return (struct tc_u32_key){ .mask = htonl(mask), .val = htonl(val), .off = off };
}

/* The filter compares words of the IPv4 header and the first word of UDP's. u32 knows no headers,
 * so the length of the IPv4 header is one of the things that are compared. */
static struct selector selector_of(const struct tc_redirect *r)
{
	struct selector s;

	s.keys[0] = key(0, 0x45000000, 0xff000000); /* version 4, 5 words */
	s.keys[1] = key(4, 0, 0x00003fff); /* no fragment */
	s.keys[2] = key(8, IPPROTO_UDP << 16, 0x00ff0000);
	s.keys[3] = key(16, ntohl(r->dst.s_addr), UINT32_MAX);
	s.keys[4] = key(20, r->dst_port, 0x0000ffff);
	return s;
}

static struct nl_msg *request(int type, int flags, const struct tc_redirect *r, uint32_t handle)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
	struct tcmsg tcm = {
		.tcm_ifindex = r->from,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		.tcm_handle = handle,
		.tcm_info = TC_H_MAKE((uint32_t)r->pref << 16, htons(ETH_P_IP)),
	};

	if (!msg || nlmsg_append(msg, &tcm, sizeof(tcm), NLMSG_ALIGNTO) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

static const char *text_of(const struct tc_redirect *r, char buf[96])
{
	char dst[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &r->dst, dst, sizeof(dst));
	(void)snprintf(buf, 96, "redirect of UDP '%s:%u' (pref %u)", dst, r->dst_port, r->pref);
	return buf;
}

/* ---- adding ---- */

static int put_action(struct nl_msg *msg, int to)
{
	struct tc_mirred parms = { .action = TC_ACT_STOLEN,
				   .eaction = TCA_INGRESS_REDIR,
				   .ifindex = (uint32_t)to };
	struct nlattr *acts = nla_nest_start(msg, TCA_U32_ACT);
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

static int put_selector(struct nl_msg *msg, const struct tc_redirect *r)
{
	struct tc_u32_sel head = { .flags = TC_U32_TERMINAL, .nkeys = N_KEYS };
	struct selector s = selector_of(r);
	char data[sizeof(head) + sizeof(s.keys)];

	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), s.keys, sizeof(s.keys));
	return nla_put(msg, TCA_U32_SEL, sizeof(data), data);
}

static int put_filter(struct nl_msg *msg, const struct tc_redirect *r)
{
	struct nlattr *options;

	if (nla_put_string(msg, TCA_KIND, "u32") < 0)
		return -ENOMEM;
	options = nla_nest_start(msg, TCA_OPTIONS);
	if (!options || put_selector(msg, r) < 0 ||
	    nla_put_u32(msg, TCA_U32_FLAGS, TCA_CLS_FLAGS_SKIP_HW) < 0 ||
	    put_action(msg, r->to) < 0)
		return -ENOMEM;
	(void)nla_nest_end(msg, options);
	return 0;
}

int tc_redirect_add(struct nl_sock *sk, const struct tc_redirect *r, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, r, 0);
	char text[96];
	int rc;

	if (!msg || put_filter(msg, r) < 0)
		return err_sys(err, ENOMEM, "add %s", text_of(r, text));
	rc = nlsock_talk(sk, msg, err);
	return rc < 0 ? err_prefix(err, rc, "add %s", text_of(r, text)) : 0;
}

/* ---- finding ---- */

struct search {
	struct selector wanted;
	uint32_t handle; /* of the one found, 0 if none was */
	int to;
	int n_others; /* filters of the same pref */
};

/* The target of the first action if it is a redirect to an interface's ingress, else 0. */
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

static bool is_wanted(const struct nlattr *sel, const struct search *s)
{
	const struct tc_u32_sel *found = nla_data(sel);

	return nla_len(sel) >= (int)(sizeof(*found) + sizeof(s->wanted.keys)) &&
	       found->nkeys == N_KEYS &&
	       memcmp(found->keys, s->wanted.keys, sizeof(s->wanted.keys)) == 0;
}

/* The dump also holds the pref itself and its hash table, which have no selector. */
static int take_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	struct nlattr *attrs[TCA_MAX + 1], *options[TCA_U32_MAX + 1];
	struct search *s = arg;

	if (nlh->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	if (nla_parse(attrs, TCA_MAX, nlmsg_attrdata(nlh, sizeof(*tcm)),
		      nlmsg_attrlen(nlh, sizeof(*tcm)), NULL) < 0)
		return -EPROTO;
	if (!attrs[TCA_KIND] || nla_strcmp(attrs[TCA_KIND], "u32") != 0 || !attrs[TCA_OPTIONS] ||
	    nla_parse_nested(options, TCA_U32_MAX, attrs[TCA_OPTIONS], NULL) < 0 ||
	    !options[TCA_U32_SEL])
		return 0;
	if (s->handle || !is_wanted(options[TCA_U32_SEL], s)) {
		s->n_others++;
		return 0;
	}
	s->handle = tcm->tcm_handle;
	s->to = options[TCA_U32_ACT] ? target_of(options[TCA_U32_ACT]) : 0;
	return 0;
}

static void forget(void *arg)
{
	struct search *s = arg;

	*s = (struct search){ .wanted = s->wanted };
}

static int find(struct nl_sock *sk, const struct tc_redirect *r, struct search *ret,
		struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETTFILTER, NLM_F_DUMP, r, 0);
	char text[96];
	int rc;

	*ret = (struct search){ .wanted = selector_of(r) };
	if (!msg)
		return err_sys(err, ENOMEM, "look up %s", text_of(r, text));
	rc = nlsock_dump(sk, msg, take_filter, forget, ret, err);
	if (rc == 0 && !ret->handle)
		rc = err_sys(err, ENOENT, "no such filter");
	return rc < 0 ? err_prefix(err, rc, "look up %s", text_of(r, text)) : 0;
}

int tc_redirect_find(struct nl_sock *sk, const struct tc_redirect *r, int *ret_to, struct err *err)
{
	struct search s;
	int rc = find(sk, r, &s, err);

	if (rc == 0)
		*ret_to = s.to;
	return rc;
}

int tc_redirect_del(struct nl_sock *sk, const struct tc_redirect *r, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = NULL;
	struct search s;
	char text[96];
	int rc = find(sk, r, &s, err);

	if (rc < 0)
		return rc;
	/* With the last filter its pref is removed too: beside other u32 filters the kernel would
	 * keep it, empty. */
	msg = request(RTM_DELTFILTER, 0, r, s.n_others ? s.handle : 0);
	if (!msg || nla_put_string(msg, TCA_KIND, "u32") < 0)
		return err_sys(err, ENOMEM, "delete %s", text_of(r, text));
	rc = nlsock_talk(sk, msg, err);
	return rc < 0 ? err_prefix(err, rc, "delete %s", text_of(r, text)) : 0;
}
