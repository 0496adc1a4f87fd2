/* SPDX-License-Identifier: Apache-2.0 */
/* Room conflict/: what the kernel has in a pod's namespace and on its cgroup that steering breaks.
 * Thread: the worker's.
 * Never: changes anything.
 */
#ifndef SMC_AGENT_CONFLICT_H
#define SMC_AGENT_CONFLICT_H

#include <stddef.h>

#include "common/err.h"

/* More are not looked through: the pod's own may add as many as they like. */
#define CONFLICT_RULES_MAX 4096
#define CONFLICT_TABLE_BYTES_MAX (1024 * 1024)

/* Rules of the namespace that match the owner of a socket: nf_tables (iptables-nft, nft) and the
 * older xtables. Returns 1 and says in `what` where the first one is, or that there are too many
 * rules; 0: there is none; -errno: it cannot be told. */
int conflict_owner_rules(int netns_fd, int timeout_ms, char *what, size_t size, struct err *err);

/* sock_ops programs that are effective on the cgroup, its ancestors' as well. 1 and which one, 0,
 * or -errno. */
int conflict_sock_ops(int cgroup_fd, char *what, size_t size, struct err *err);

#endif
