/* SPDX-License-Identifier: Apache-2.0 */
/* RoCE between two pods of one node.
 *
 * A v2-only proposal carries a zero MAC, so the driver does not see that the peer is itself: the
 * packets go to an address of the host and so come in on loopback, where no RDMA device listens.
 * There a filter hands them to the interface that the RDMA device sits on. On ingress, where they
 * still have their route (common/tc.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "common/addr.h"
#include "common/cleanup.h"
#include "common/tc.h"
#include "node-agent/hostnet/impl.h"

static struct tc_redirect redirect(struct in_addr dst, int to)
{
	return (struct tc_redirect){
		.from = HOSTNET_LOOPBACK,
		.to = to,
		.dst = dst,
		.dst_port = HOSTNET_ROCE_PORT,
		.pref = HOSTNET_FILTER_PREF,
	};
}

static int clsact_step(const struct hostnet_walk *w, struct err *err)
{
	bool there;
	int r = tc_has_clsact(w->rt, HOSTNET_LOOPBACK, &there, err);

	if (r < 0 || there)
		return r;
	if (!w->undo)
		return hostnet_missing(err, "qdisc 'clsact' on 'lo' is missing");
	w->undo->clsact = true;
	r = hostnet_record(w, err);
	if (r == 0)
		r = tc_clsact_add(w->rt, HOSTNET_LOOPBACK, err);
	return r < 0 ? err_prefix(err, r, "interface 'lo'") : 0;
}

static int redirect_step(const struct hostnet_walk *w, struct in_addr dst, const struct link *base,
			 struct err *err)
{
	struct tc_redirect want = redirect(dst, base->index);
	char text[INET_ADDRSTRLEN];
	int to, r = tc_redirect_find(w->rt, &want, &to, err);
	bool stale;

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && to == want.to)
		return 0;
	if (!w->undo)
		return hostnet_missing(err, "redirect of UDP '%s:%d' from 'lo' to '%s' is missing",
				       inet_ntop(AF_INET, &dst, text, sizeof(text)),
				       HOSTNET_ROCE_PORT, base->name);
	stale = r == 0; /* to an interface that was made anew since */
	r = hostnet_undo_add_redirect(w->undo, dst, err);
	if (r == 0)
		r = hostnet_record(w, err);
	if (r == 0 && stale)
		r = tc_redirect_del(w->rt, &want, err);
	if (r == 0)
		r = tc_redirect_add(w->rt, &want, err);
	return r < 0 ? err_prefix(err, r, "interface 'lo'") : 0;
}

/* RoCE uses one of base's own addresses, and the driver chooses which, so all of them are
 * redirected. Ours is used only where there is no other. */
int hostnet_redirect_step(const struct hostnet_walk *w, const struct link *base, struct err *err)
{
	in_addr_t ours = inet_addr(HOSTNET_BASE_ADDR);
	auto_free struct addr *addrs = NULL;
	int n = addr_list(w->rt, AF_INET, base->index, &addrs, err), r, done = 0;

	if (n < 0)
		return n;
	r = clsact_step(w, err);
	for (int i = 0; i < n && r == 0; i++) {
		if (addrs[i].local.v4.s_addr == ours)
			continue;
		r = redirect_step(w, addrs[i].local.v4, base, err);
		done++;
	}
	if (r == 0 && done == 0 && n > 0)
		r = redirect_step(w, addrs[0].local.v4, base, err);
	return r;
}

/* ---- undo ---- */

/* With a filter of somebody else on it the qdisc stays. */
static int drop_clsact(struct nl_sock *rt, struct err *err)
{
	int n = tc_filter_count(rt, HOSTNET_LOOPBACK, err);
	int r = n == 0 ? tc_clsact_del(rt, HOSTNET_LOOPBACK, err) : n;

	return r == -ENOENT || r > 0 ? 0 : r;
}

int hostnet_redirect_undo(struct nl_sock *rt, struct hostnet_undo *undo, struct err *err)
{
	bool there = false;
	int r = tc_has_clsact(rt, HOSTNET_LOOPBACK, &there, err);

	if (!there)
		undo->n_redirects = 0;
	for (; r == 0 && undo->n_redirects > 0; undo->n_redirects--) {
		struct tc_redirect ours = redirect(undo->redirects[undo->n_redirects - 1], 0);

		r = tc_redirect_del(rt, &ours, err);
		if (r == -ENOENT)
			r = 0;
		if (r < 0)
			break;
	}
	if (r == 0 && there && undo->clsact)
		r = drop_clsact(rt, err);
	if (r == 0)
		undo->clsact = false;
	return r < 0 ? err_prefix(err, r, "interface 'lo'") : 0;
}
