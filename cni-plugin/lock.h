/* SPDX-License-Identifier: Apache-2.0 */
/* Locks for what the plugin's processes must not do at the same time. A lock is a byte of a file of
 * ours (fcntl(2), F_OFD_SETLK) that nobody but root can open. A lock on a namespace's file would be
 * one that anybody may keep, as anybody may open that. Each wait has an end.
 */
#ifndef SMC_PLUGIN_LOCK_H
#define SMC_PLUGIN_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* How long one may wait for the node's, which are held for some requests to the kernel. */
#define LOCK_NODE_MS 10000

/* Of the node. */
enum lock_node {
	LOCK_BRIDGES, /* shared by who looks after a bridge (bridge.h) */
	LOCK_DEVICES, /* held by who lends devices of the host and takes them back (hostdev.h) */
};

/* Both return a descriptor to close. Whoever has the lock must not take it again, as that would
 * wait for itself. -EBUSY when the lock is not free by the deadline (as clock_now_ms(); 0: at
 * once). */
int lock_node(enum lock_node what, bool shared, int64_t deadline_ms, struct err *err);

/* Only one ADD or DEL works on a pod's interface at a time, and none while an IPAM plugin still
 * works for one that was killed: nobody would give back what that leases after the DEL. What the
 * plugin starts inherits the descriptor, and so the lock. The lock is found by the pod's network
 * namespace; a pod that is gone has none. */
int lock_pod(int netns_fd, int64_t deadline_ms, struct err *err);
/* Drops the lock for all who have inherited it, as an IPAM plugin may leave a process running. For
 * auto_with(); -1 is fine. */
void lock_drop(const int *fd);

#endif
