/* SPDX-License-Identifier: Apache-2.0 */
/* What SMC needs of the RDMA devices and of the interfaces that they sit on (BASE).
 *
 * A port is usable for a pod if it has the pod's pnet id, and if an address of its interface covers
 * the pod's address (net/smc/smc_ib.c, smc_ib_determine_gid_rcu). The match is made on the peer's
 * prefix where an address has a peer, so a link-local address with the pods' prefix as peer and no
 * route of its own will do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/addr.h"
#include "common/cleanup.h"
#include "common/rdma_nl.h"
#include "node-agent/hostnet/impl.h"

/* ---- pnet entries ---- */

static bool has_entry(const struct smc_pnet *entries, int n, const struct smc_pnet *want)
{
	for (int i = 0; i < n; i++)
		if (strcmp(entries[i].ibname, want->ibname) == 0 &&
		    entries[i].ibport == want->ibport && strcasecmp(entries[i].id, want->id) == 0)
			return true;
	return false;
}

static int pnet_step(const struct hostnet_walk *w, const struct smc_pnet *want, struct err *err)
{
	auto_free struct smc_pnet *entries = NULL;
	int n = smc_pnet_list(w->smc, &entries, err), r;

	if (n < 0)
		return n;
	if (has_entry(entries, n, want))
		return 0;
	if (!w->undo)
		return hostnet_missing(err, "pnet id '%s' of RDMA device '%s' port %u is missing",
				       want->id, want->ibname, want->ibport);
	r = hostnet_undo_add_pnet(w->undo, want, err);
	if (r == 0)
		r = hostnet_record(w, err);
	if (r == 0)
		r = smc_pnet_add(w->smc, want, err);
	return r < 0 ? r : 0;
}

static int pnets_step(const struct hostnet_walk *w, const struct config_pnet *pnet, struct err *err)
{
	for (int i = 0; i < pnet->n_rdma; i++) {
		struct smc_pnet want = { .ibport = pnet->rdma[i].port };
		int r;

		_Static_assert(sizeof(want.id) == sizeof(pnet->id), "both hold a pnet id");
		_Static_assert(sizeof(want.ibname) == sizeof(pnet->rdma->device),
			       "both hold a name");
		memcpy(want.id, pnet->id, sizeof(want.id));
		memcpy(want.ibname, pnet->rdma[i].device, sizeof(want.ibname));
		r = pnet_step(w, &want, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- covering addresses ---- */

static struct addr cover(const struct inet_addr *prefix, int ifindex)
{
	struct addr a = { .ifindex = ifindex,
			  .peer = *prefix,
			  .scope = RT_SCOPE_LINK,
			  .protocol = HOSTNET_ADDR_PROTO,
			  .flags = IFA_F_NOPREFIXROUTE };

	a.local = (struct inet_addr){ .family = AF_INET, .prefix_len = 32 };
	(void)inet_pton(AF_INET, HOSTNET_BASE_ADDR, &a.local.v4);
	return a;
}

/* The prefix that an address stands for. */
static const struct inet_addr *prefix_of(const struct addr *a)
{
	return a->peer.family == AF_UNSPEC ? &a->local : &a->peer;
}

static struct inet_addr subnet_of(const struct inet_addr *pod)
{
	struct inet_addr net = *pod;
	uint32_t mask = pod->prefix_len ? UINT32_MAX << (32 - pod->prefix_len) : 0;

	net.v4.s_addr &= htonl(mask);
	return net;
}

/* The prefix that base should cover: the config's, else the subnet of the pod's interface. */
static int wanted_prefix(const struct config_pnet *pnet, const struct inet_addr *pod,
			 struct inet_addr *ret, struct err *err)
{
	char text[INET_TEXT_MAX];

	for (int i = 0; i < pnet->n_pod_cidrs; i++) {
		if (!inet_covers(&pnet->pod_cidrs[i], pod))
			continue;
		*ret = pnet->pod_cidrs[i];
		return 0;
	}
	if (pod->prefix_len == 32)
		return err_set(
			err, -EINVAL,
			"pod address '%s' names no subnet: set podCIDRs of pnet '%s' in the config",
			inet_format(pod, text), pnet->id);
	*ret = subnet_of(pod);
	return 0;
}

static int cover_step(const struct hostnet_walk *w, const struct link *base,
		      const struct config_pnet *pnet, const struct inet_addr *pod, struct err *err)
{
	auto_free struct addr *addrs = NULL;
	int n = addr_list(w->rt, AF_INET, base->index, &addrs, err), r;
	char text[INET_TEXT_MAX];
	struct inet_addr prefix;
	struct addr want;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (inet_covers(prefix_of(&addrs[i]), pod))
			return 0;
	if (!w->undo)
		return hostnet_missing(err, "no address of '%s' covers pod address '%s'",
				       base->name, inet_format_addr(pod, text));
	r = wanted_prefix(pnet, pod, &prefix, err);
	if (r == 0)
		r = hostnet_undo_add_cover(w->undo, base->name, &prefix, err);
	if (r == 0)
		r = hostnet_record(w, err);
	if (r < 0)
		return r;
	want = cover(&prefix, base->index);
	r = addr_add(w->rt, &want, err);
	return r < 0 ? err_prefix(err, r, "interface '%s'", base->name) : 0;
}

/* ---- one pod ---- */

static int interface_step(const struct hostnet_walk *w, const char *ifname,
			  const struct config_pnet *pnet, const struct inet_addr *pod,
			  struct err *err)
{
	struct link base;
	int r = link_get(w->rt, ifname, &base, err);

	if (r == 0)
		r = cover_step(w, &base, pnet, pod, err);
	if (r == 0)
		r = hostnet_redirect_step(w, &base, err);
	return r < 0 ? err_prefix(err, r, "pnet '%s'", pnet->id) : 0;
}

/* Where the config names no interfaces, it takes those that the RDMA devices sit on. */
static int devices_step(const struct hostnet_walk *w, const struct config_pnet *pnet,
			const struct inet_addr *pod, struct err *err)
{
	auto_free struct rdma_nl_port *ports = NULL;
	int n = rdma_nl_ports(-1, HOSTNET_TIMEOUT_MS, &ports, err), r = 0;

	if (n < 0)
		return n;
	for (int i = 0; i < pnet->n_rdma && r == 0; i++) {
		const struct rdma_nl_port *port =
			rdma_nl_find(ports, n, pnet->rdma[i].device, pnet->rdma[i].port);

		if (port && port->ifname[0])
			r = interface_step(w, port->ifname, pnet, pod, err);
	}
	return r;
}

int hostnet_base_step(const struct hostnet_walk *w, const struct config_pnet *pnet,
		      const struct inet_addr *pod, struct err *err)
{
	int r = pnets_step(w, pnet, err);

	if (r == 0 && pnet->n_interfaces == 0)
		r = devices_step(w, pnet, pod, err);
	for (int i = 0; i < pnet->n_interfaces && r == 0; i++)
		r = interface_step(w, pnet->interfaces[i], pnet, pod, err);
	return r;
}

/* ---- undo ---- */

/* An equal address that somebody else added (another protocol) stays. */
static int drop_cover(struct nl_sock *rt, const struct hostnet_cover *c, struct err *err)
{
	auto_free struct addr *addrs = NULL;
	struct link base;
	int n, r = link_get(rt, c->ifname, &base, err);

	if (r < 0)
		return r == -ENODEV ? 0 : r;
	n = addr_list(rt, AF_INET, base.index, &addrs, err);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		struct addr ours = cover(&c->prefix, base.index);

		if (!inet_equal(&addrs[i].local, &ours.local) ||
		    !inet_equal(&addrs[i].peer, &ours.peer) ||
		    (addrs[i].protocol != ours.protocol && addrs[i].protocol != 0))
			continue;
		r = addr_del(rt, &ours, err);
		if (r < 0 && r != -EADDRNOTAVAIL && r != -ENODEV)
			return err_prefix(err, r, "interface '%s'", base.name);
	}
	return 0;
}

static void close_smc(struct smc_nl **smc)
{
	smc_nl_close(*smc);
}

/* A kernel without SMC (the module was unloaded) has no pnet table any more. */
static int drop_pnets(struct hostnet_undo *undo, struct err *err)
{
	auto_with(close_smc) struct smc_nl *smc = NULL;
	int r = undo->n_pnets ? smc_nl_open(-1, HOSTNET_TIMEOUT_MS, &smc, err) : 0;

	if (r == -EPROTONOSUPPORT)
		undo->n_pnets = 0;
	else if (r < 0)
		return r;
	for (; undo->n_pnets > 0; undo->n_pnets--) {
		r = smc_pnet_del(smc, &undo->pnets[undo->n_pnets - 1], err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

int hostnet_base_undo(struct nl_sock *rt, struct hostnet_undo *undo, struct err *err)
{
	for (; undo->n_covers > 0; undo->n_covers--) {
		int r = drop_cover(rt, &undo->covers[undo->n_covers - 1], err);

		if (r < 0)
			return r;
	}
	return drop_pnets(undo, err);
}
