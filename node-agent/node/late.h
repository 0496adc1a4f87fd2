/* SPDX-License-Identifier: Apache-2.0 */
/* A request that did not come over the socket, but from what a plugin or the runtime has left. Its
 * pod runs already, so it becomes a record that is `committed` with nothing in force. Worker thread
 * only.
 */
#ifndef SMC_AGENT_LATE_H
#define SMC_AGENT_LATE_H

#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* Fills boot id, netns and phase of a record that has its request. netns_path is as the runtime
 * named it. Behind a path such as /proc/PID/ns/net there may be another pod by now, so the
 * namespace must have that cookie, if it is known (not 0). Returns 1 when nobody knows the pod yet,
 * 0 when a record on disk stands for it already. -ENOENT: the netns is gone; -EBUSY: its attachment
 * is just being made or rolled back; -EPERM: it is the host's. */
int late_identify(const struct node *node, const char *netns_path, uint64_t cookie,
		  struct record *rec, struct err *err);

#endif
