/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/conflict/impl.h"

int conflict_owner_rules(int netns_fd, int timeout_ms, char *what, size_t size, struct err *err)
{
	int r = conflict_nft(netns_fd, timeout_ms, what, size, err);

	return r != 0 ? r : conflict_xtables(netns_fd, what, size, err);
}
