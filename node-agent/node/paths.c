/* SPDX-License-Identifier: Apache-2.0 */
/* The RDMA paths to peers (bpf/paths.h): the programs learn of them, as long as they are watched.
 */
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/node/node.h"

void node_watch_paths(struct node *node)
{
	const struct path_node gate = {
		.gate = 1,
		.smcd = node->facts.devices.n_smcd > 0,
		.watched_until_ns = node->flows ? clock_boot_ns() + PATH_WATCH_NS : 0,
	};
	struct err err = ERR_INIT;

	if (node->offer && offer_paths_gate(node->offer, &gate, &err) < 0)
		log_warn("cannot have paths proven", "err", err.msg);
}

void node_read_paths(const struct node *node, struct path_list *ret)
{
	struct err err = ERR_INIT;

	*ret = (struct path_list){ .n = 0 };
	if (node->offer && offer_paths_read(node->offer, clock_boot_ns(), ret, &err) < 0)
		log_warn("cannot read the paths to peers", "err", err.msg);
}
