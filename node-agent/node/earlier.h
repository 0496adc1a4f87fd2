/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that the runtime started without our plugin: before the agent came, or while somebody had
 * taken the plugin out of the chain. For each attachment libcni keeps what its ADD was asked and
 * answered (libcni/api.go, cachedInfo), and that is all that a request holds.
 */
#ifndef SMC_AGENT_EARLIER_H
#define SMC_AGENT_EARLIER_H

#include <time.h>

#include "node-agent/install/list.h"
#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* The request that the plugin would have made of a cached result, and the netns as the runtime
 * named it (borrowed from info). Pure. -EINVAL names what is missing; on success the caller clears
 * *ret. */
int earlier_request(const json_t *info, struct wire_prepare *ret, const char **ret_netns,
		    struct err *err);

struct earlier_seen { /* all zero: nothing has been scanned */
	char network[INSTALL_NAME_MAX];
	struct timespec mtime; /* of the cache folder; 0: scan it again */
};

/* Calls fn, which owns it, with a record of each pod of the network that lives and has none on
 * disk. *seen is of the last scan: nothing is read while network and folder are the same. What
 * cannot be read is logged and passed over. Worker thread. */
int earlier_scan(const struct node *node, const char *cache_dir, const char *network,
		 struct earlier_seen *seen, record_fn *fn, void *arg, struct err *err);

#endif
