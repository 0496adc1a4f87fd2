/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/hostnet/hostnet.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nlsock.h"
#include "common/rdma_nl.h"
#include "node-agent/hostnet/impl.h"

int hostnet_missing(struct err *err, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(err, -ENOENT, "%s", what);
}

int hostnet_record(const struct hostnet_walk *w, struct err *err)
{
	return w->record(w->arg, w->undo, err);
}

bool hostnet_wanted(const struct config *config, const struct rdma_nl_port *ports, int n)
{
	for (int i = 0; i < config->n_pnets; i++) {
		const struct config_pnet *p = &config->pnets[i];

		for (int k = 0; k < p->n_rdma; k++)
			if (rdma_nl_find(ports, n, p->rdma[k].device, p->rdma[k].port))
				return true;
	}
	return false;
}

/* ---- apply and check: one walk ---- */

static int open_walk(struct hostnet_walk *w, struct err *err)
{
	int r = nlsock_open(-1, NETLINK_ROUTE, HOSTNET_TIMEOUT_MS, &w->rt, err);

	return r < 0 ? r : smc_nl_open(-1, HOSTNET_TIMEOUT_MS, &w->smc, err);
}

static void close_walk(struct hostnet_walk *w)
{
	smc_nl_close(w->smc);
	nlsock_close(&w->rt);
}

/* SMC also needs a route from the host to the pod. Making that is the network's business. */
static int check_route(const struct hostnet_walk *w, const struct inet_addr *pod, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	struct rtmsg rtm = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
	char text[INET_TEXT_MAX];
	int r;

	if (!msg || nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, RTA_DST, pod->v4.s_addr) < 0)
		return err_sys(err, ENOMEM, "look up a route");
	r = nlsock_query(w->rt, msg, NULL, NULL, err);
	if (r == -ENETUNREACH || r == -EHOSTUNREACH)
		return hostnet_missing(err, "the host has no route to pod address '%s'",
				       inet_format_addr(pod, text));
	return r < 0 ? err_prefix(err, r, "look up the route to '%s'",
				  inet_format_addr(pod, text)) :
		       0;
}

/* added[i]: the call added the pod's address i. */
static int walk(const struct hostnet_walk *w, const struct wish_addrs *pod, bool *added,
		struct err *err)
{
	int r = 0;

	for (int i = 0; i < pod->n_addrs && r == 0; i++) {
		const struct config_pnet *pnet = config_pnet_for(w->config, &pod->addrs[i]);

		if (!pnet)
			continue;
		r = hostnet_base_step(w, pnet, &pod->addrs[i], err);
		if (r == 0)
			r = hostnet_vrf_step(w, err);
		if (r == 0)
			r = hostnet_pod_addr_step(w, &pod->addrs[i], &added[i], err);
		if (r == 0 && !w->undo)
			r = check_route(w, &pod->addrs[i], err);
	}
	return r;
}

int hostnet_apply(const struct config *config, const struct wish_addrs *pod,
		  struct hostnet_undo *undo, hostnet_record_fn *record, void *arg, struct err *err)
{
	auto_with(close_walk) struct hostnet_walk w = {
		.config = config, .undo = undo, .record = record, .arg = arg
	};
	bool added[WISH_ADDRS_MAX] = { false };
	int r = open_walk(&w, err);

	if (r < 0)
		return r;
	r = walk(&w, pod, added, err);
	for (int i = 0; r < 0 && i < pod->n_addrs; i++)
		if (added[i])
			(void)hostnet_pod_addr_undo(w.rt, &pod->addrs[i], NULL);
	return r;
}

int hostnet_check(const struct config *config, const struct wish_addrs *pod, struct err *err)
{
	auto_with(close_walk) struct hostnet_walk w = { .config = config };
	bool added[WISH_ADDRS_MAX] = { false };
	int r = open_walk(&w, err);

	return r < 0 ? r : walk(&w, pod, added, err);
}

/* ---- undo ---- */

int hostnet_pod_undo(const struct wish_addrs *pod, struct err *err)
{
	auto_nlsock struct nl_sock *rt = NULL;
	int first = nlsock_open(-1, NETLINK_ROUTE, HOSTNET_TIMEOUT_MS, &rt, err);

	for (int i = 0; rt && i < pod->n_addrs; i++) {
		int r = hostnet_pod_addr_undo(rt, &pod->addrs[i], first < 0 ? NULL : err);

		if (first == 0)
			first = r;
	}
	return first;
}

/* Goes on after an error: what could not be taken back stays in the undo data, and the first error
 * is told. */
int hostnet_shared_undo(struct hostnet_undo *undo, struct err *err)
{
	static int (*const steps[])(struct nl_sock *, struct hostnet_undo *, struct err *) = {
		hostnet_redirect_undo,
		hostnet_vrf_undo,
		hostnet_base_undo,
	};
	auto_nlsock struct nl_sock *rt = NULL;
	int first = nlsock_open(-1, NETLINK_ROUTE, HOSTNET_TIMEOUT_MS, &rt, err);

	for (size_t i = 0; rt && i < ARRAY_SIZE(steps); i++) {
		int r = steps[i](rt, undo, first < 0 ? NULL : err);

		if (first == 0)
			first = r;
	}
	return first;
}
