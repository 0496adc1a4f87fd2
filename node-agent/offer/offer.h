/* SPDX-License-Identifier: Apache-2.0 */
/* Room offer/: where a pod's connections offer SMC: the tc programs of its interfaces, their rules.
 * Thread: the worker's, and --cleanup's.
 * Never: decides who may be offered SMC, or knows of Kubernetes.
 */

/* The offer in the kernel (bpf/offer.h): a pinned set of maps, the programs on the interfaces of a
 * pod, the pod's rules.
 *
 * The pins own the maps, and the interfaces the programs: closing this handle, or the death of the
 * agent, changes nothing. A pod offers SMC to everybody unless it has an entry and its interfaces
 * have the programs. So both come before steering, and removal goes the other way.
 */
#ifndef SMC_AGENT_OFFER_H
#define SMC_AGENT_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/offer.h"
#include "bpf/paths.h"
#include "common/err.h"
#include "common/inet.h"
#include "node-agent/model/path.h"
#include "node-agent/model/peers.h"

struct offer;

/* Loads the programs with the maps that are pinned in this layout's folder below bpffs_dir, or
 * makes and pins them. Rules of a set that no pod has any more, which an agent that died left half
 * written or half deleted, go. On failure the kernel is as before. Needs Linux 6.2
 * (bpf_cast_to_kern_ctx; -EOPNOTSUPP before that). */
int offer_open(const char *bpffs_dir, struct offer **ret, struct err *err);
void offer_close(struct offer *o); /* NULL is fine; pins stay */

/* Are the pins still those of our maps? 0, or -ENOENT and why; another offer_open() mends it. */
int offer_check(struct offer *o, struct err *err);

/* The programs on all interfaces of a network namespace, whoever made them: by tcx, first of all
 * programs, since a verdict of another one ends the row; where the kernel has no tcx (before 6.6),
 * as a filter of clsact. Programs of an earlier run are replaced, those of others stay. _check:
 * -ENOENT names the interface and direction that lacks ours; one that came later does. A failed
 * _apply may have done some: call it again, or _undo. */
int offer_links_apply(struct offer *o, int netns_fd, struct err *err);
int offer_links_check(struct offer *o, int netns_fd, struct err *err);
/* Of layouts up to ours. Needs no handle. */
int offer_links_undo(int netns_fd, struct err *err);

/* The rules of a pod, under its netns cookie; flags: OFFER_OPEN or 0. A set that is in force
 * already is left alone; another one takes its place in one step, or, on failure (-ENOSPC: the
 * table is full), the old one stays. Counts begin at zero for a new cookie. */
int offer_pod_apply(struct offer *o, uint64_t cookie, uint32_t flags, const struct peers_set *set,
		    struct err *err);
int offer_pod_check(struct offer *o, uint64_t cookie, uint32_t flags, const struct peers_set *set,
		    struct err *err);
int offer_pod_undo(struct offer *o, uint64_t cookie, struct err *err); /* -ENOENT is success */
int offer_pod_counts(struct offer *o, uint64_t cookie, struct offer_counts *ret, struct err *err);
/* All cookies that have rules; the caller frees. Returns the number. */
int offer_pod_list(struct offer *o, uint64_t **ret, struct err *err);

/* An address of one of this node's pods, and the cookie of that pod's netns. The last one that has
 * it owns it: undo leaves another one's alone. _check: -ENOENT. */
int offer_node_address_apply(struct offer *o, uint64_t owner, const struct inet_addr *addr,
			     struct err *err);
int offer_node_address_check(struct offer *o, const struct inet_addr *addr, struct err *err);
int offer_node_address_undo(struct offer *o, uint64_t owner, const struct inet_addr *addr,
			    struct err *err);

/* The switch: closed, no pod offers anything. */
int offer_node_close(struct offer *o, bool closed, struct err *err);
int offer_node_closed(struct offer *o, bool *ret, struct err *err);

/* Paths to peers (bpf/paths.h): what is asked of them from now on. */
int offer_paths_gate(struct offer *o, const struct path_node *node, struct err *err);
/* All that is known, closed ones first; what path_is_forgotten() is removed. now_ns: of
 * CLOCK_BOOTTIME. The caller clears. */
int offer_paths_read(struct offer *o, uint64_t now_ns, struct path_list *ret, struct err *err);

#endif
