/* SPDX-License-Identifier: Apache-2.0 */
/* Room hostnet/: the host's side of SMC-R: addresses, routes, VRF, redirects, RDMA pnet entries.
 * Thread: the worker's, and --cleanup's.
 * Never: enters a pod's namespace, or removes what was there before us.
 */

/* The host's side of SMC-R for pods on veth (and, with less, ipvlan and macvlan):
 * docs/kernel-notes.md, "The host's side of SMC-R".
 *
 * Shared by all pods of the node, there while at least one pod needs it:
 *   - the RDMA pnet entries of the init netns: device port -> id;
 *   - per BASE interface without an IPv4 address that covers the pods: 169.254.47.91 peer <podCIDR>
 *     noprefixroute scope link (BASE: the pnet's `interfaces`, else those that its RDMA devices sit
 *     on);
 *   - a VRF `smc-vrf` with a table of its own (47910-47999) and a dummy `smc-pods` in it (link
 *     alias "smc-cni" on both);
 *   - on lo: clsact and, for each address of BASE, a u32 filter on ingress (pref 4791) that
 *     redirects UDP 4791 to BASE (for two pods of one node; open connections need it as new ones
 *     do).
 *
 * For each pod: POD/32 scope host on the dummy. Everything is tagged where it can be (link alias,
 * address protocol, tc handle), and what was there before us is neither changed nor removed: what
 * we added is recorded in `struct hostnet_undo`. Called by the worker thread only.
 */
#ifndef SMC_AGENT_HOSTNET_H
#define SMC_AGENT_HOSTNET_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "common/inet.h"
#include "common/rdma_nl.h"
#include "node-agent/config/config.h"
#include "node-agent/model/wish.h"

/* What was changed for all pods together; kept in the state folder and handed back on every call.
 */
struct hostnet_undo;
struct hostnet_undo *hostnet_undo_new(void);
void hostnet_undo_free(struct hostnet_undo *u);
json_t *hostnet_undo_to_json(const struct hostnet_undo *u);
int hostnet_undo_from_json(const json_t *obj, struct hostnet_undo **ret, struct err *err);

/* Called with the undo data before each change of the kernel that it describes (write-ahead). */
typedef int hostnet_record_fn(void *arg, const struct hostnet_undo *undo, struct err *err);

/* True if the config has a pnet with an RDMA device that is among those ports, the node's. Pure. */
bool hostnet_wanted(const struct config *config, const struct rdma_nl_port *ports, int n);

/* Makes what is missing of the shared part and the pod's part; idempotent. On failure the pod's
 * part is taken back. */
int hostnet_apply(const struct config *config, const struct wish_addrs *pod,
		  struct hostnet_undo *undo, hostnet_record_fn *record, void *arg, struct err *err);
/* 0 if all is there; -ENOENT and the first thing that is missing. */
int hostnet_check(const struct config *config, const struct wish_addrs *pod, struct err *err);
/* The pod's part only. What is gone is fine. */
int hostnet_pod_undo(const struct wish_addrs *pod, struct err *err);
/* The shared part, from the undo data alone (no config): the last pod went, or --cleanup. Done
 * items leave the undo data. What others use by now stays: clsact with their filters, l3mdev rules
 * with their VRFs. */
int hostnet_shared_undo(struct hostnet_undo *undo, struct err *err);

#endif
