/* What the plugin's processes must not do at once. A lock is a byte of a file of ours (fcntl(2),
 * F_OFD_SETLK) that nobody but root can open: a lock on a namespace, which has a file that anybody may
 * open, is one that anybody may keep. Each wait has an end.
 */
#ifndef SMC_PLUGIN_LOCK_H
#define SMC_PLUGIN_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define LOCK_NODE_MS 10000 /* how long one may wait for the node's, which are held for some requests to the kernel */

/* Of the node. */
enum lock_node {
	LOCK_BRIDGES, /* shared by who looks after a bridge (bridge.h) */
	LOCK_DEVICES, /* who lends devices of the host, and takes them back (hostdev.h) */
};

/* Both return a descriptor to close; whoever has the lock must not take it again: that would wait for
 * itself. -EBUSY when it is not to be had until then (as clock_now_ms(); 0: at once). */
int lock_node(enum lock_node what, bool shared, int64_t deadline_ms, struct err *err);

/* One ADD or DEL of a pod's interface at a time, and none while an IPAM plugin still works for one that
 * was killed, as what that leases after the DEL nobody would give back: what the plugin starts inherits
 * the descriptor, and so the lock. By the pod's network namespace: a pod that is gone has none. */
int lock_pod(int netns_fd, int64_t deadline_ms, struct err *err);
/* For all who have inherited it: an IPAM plugin may leave a process running. For auto_with(); of -1, too. */
void lock_drop(const int *fd);

#endif
