/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of hostnet. One walk over what a pod needs serves both apply and check. A
 * step that finds its thing in order returns 0; else apply makes it, and check says that it is
 * missing.
 */
#ifndef SMC_AGENT_HOSTNET_IMPL_H
#define SMC_AGENT_HOSTNET_IMPL_H

#include <net/if.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/smc_nl.h"
#include "node-agent/hostnet/hostnet.h"

#define HOSTNET_TIMEOUT_MS 5000 /* of each answer of the kernel */

#define HOSTNET_VRF "smc-vrf"
#define HOSTNET_DUMMY "smc-pods"
#define HOSTNET_ALIAS "smc-cni"
/* The VRF's table is the first of these that no VRF, rule or route uses. */
#define HOSTNET_TABLE_FIRST 47910u
#define HOSTNET_TABLE_LAST 47999u

#define HOSTNET_ADDR_PROTO 0x53 /* IFA_PROTO of our addresses; the kernel's own are 1 to 3 */
#define HOSTNET_BASE_ADDR "169.254.47.91"

#define HOSTNET_ROCE_PORT 4791 /* RoCE v2: UDP destination port (IANA) */
#define HOSTNET_FILTER_PREF 4791 /* of our filters on loopback */
#define HOSTNET_LOOPBACK 1 /* ifindex of lo in every namespace (LOOPBACK_IFINDEX) */

struct hostnet_cover { /* HOSTNET_BASE_ADDR peer PREFIX on an interface */
	char ifname[IFNAMSIZ];
	struct inet_addr prefix;
};

struct hostnet_undo {
	uint32_t table; /* of our VRF; 0: there is none */
	uint32_t rules; /* RULE_...: the families that had no l3mdev rule before the VRF */
	bool dummy;
	bool clsact; /* on loopback */
	int n_redirects;
	struct in_addr *redirects; /* their destination addresses */
	int n_covers;
	struct hostnet_cover *covers;
	int n_pnets;
	struct smc_pnet *pnets; /* of RDMA ports */
};

struct hostnet_walk {
	const struct config *config;
	struct nl_sock *rt; /* NETLINK_ROUTE */
	struct smc_nl *smc;
	struct hostnet_undo *undo; /* NULL: check only */
	hostnet_record_fn *record;
	void *arg;
};

/* In a check: -ENOENT with the message. Never called by apply. */
int hostnet_missing(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes the undo data, before the change that it describes. */
int hostnet_record(const struct hostnet_walk *w, struct err *err);

/* undo.c: entries are added before the change, and dropped when the change was not made or was
 * taken back. */
int hostnet_undo_add_redirect(struct hostnet_undo *u, struct in_addr dst, struct err *err);
int hostnet_undo_add_cover(struct hostnet_undo *u, const char *ifname,
			   const struct inet_addr *prefix, struct err *err);
int hostnet_undo_add_pnet(struct hostnet_undo *u, const struct smc_pnet *entry, struct err *err);

/* table.c: finds a routing table that no VRF, rule or route uses: `had` (0: none) if it is one,
 * else the first of the range. -EBUSY. */
int hostnet_table_pick(struct nl_sock *rt, uint32_t had, uint32_t *ret, struct err *err);

/* vrf.c: the VRF with the dummy in it, and a pod's address on the dummy. */
int hostnet_vrf_step(const struct hostnet_walk *w, struct err *err);
int hostnet_vrf_undo(struct nl_sock *rt, struct hostnet_undo *undo, struct err *err);
/* *ret_added: this call added it. */
int hostnet_pod_addr_step(const struct hostnet_walk *w, const struct inet_addr *pod,
			  bool *ret_added, struct err *err);
/* What is gone is fine. */
int hostnet_pod_addr_undo(struct nl_sock *rt, const struct inet_addr *pod, struct err *err);

/* base.c: the RDMA devices' pnet entries, and addresses that cover the pod on the interfaces that
 * they sit on. */
int hostnet_base_step(const struct hostnet_walk *w, const struct config_pnet *pnet,
		      const struct inet_addr *pod, struct err *err);
int hostnet_base_undo(struct nl_sock *rt, struct hostnet_undo *undo, struct err *err);

/* redirect.c: RoCE packets to base's own addresses come in on loopback, and base is to get them. */
int hostnet_redirect_step(const struct hostnet_walk *w, const struct link *base, struct err *err);
int hostnet_redirect_undo(struct nl_sock *rt, struct hostnet_undo *undo, struct err *err);

#endif
