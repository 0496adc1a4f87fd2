/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of node-agent/conflict/: each returns as conflict_owner_rules() does. */
#ifndef SMC_AGENT_CONFLICT_IMPL_H
#define SMC_AGENT_CONFLICT_IMPL_H

#include <linux/netlink.h>
#include <stdbool.h>

#include "node-agent/conflict/conflict.h"

int conflict_nft(int netns_fd, int timeout_ms, char *what, size_t size, struct err *err);
int conflict_xtables(int netns_fd, char *what, size_t size, struct err *err);

/* Whether a NEWRULE message is of a rule that matches owners. Pure. */
bool conflict_nft_matches(const struct nlmsghdr *nlh);

/* Whether one of the entries does, as IPT_SO_GET_ENTRIES (AF_INET) and IP6T_SO_GET_ENTRIES
 * (AF_INET6) give them: 1, 0, or -EPROTO for what is no table. Pure. */
int conflict_xt_matches(int family, const void *entries, size_t size);

#endif
