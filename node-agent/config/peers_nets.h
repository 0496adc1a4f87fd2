/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of peers means: networks, each with a range of ports, of which any counts. Pure.
 *
 * `node` is no network, since pods come and go: it is "every address, if it is one of this node's
 * pods". So a network may have that condition, too, when two lists are intersected; nothing is
 * lost and nothing is won by it. Words that have this node's pods in them bring `node` along.
 */
#ifndef SMC_AGENT_CONFIG_PEERS_NETS_H
#define SMC_AGENT_CONFIG_PEERS_NETS_H

#include <stdbool.h>

#include "bpf/offer.h"
#include "common/err.h"
#include "node-agent/config/peers_item.h"

#define PEERS_NETS_MAX 512 /* of one list, its words resolved */

struct peers_net {
	struct inet_addr net; /* family AF_UNSPEC: every address; then node_only, too */
	uint16_t from, to;
	bool node_only; /* counts for this node's pods, and the pod itself over loopback */
};

struct peers_nets { /* all zero: empty */
	int n;
	struct peers_net *nets;
};

void peers_nets_clear(struct peers_nets *s);
#define auto_peers_nets __attribute__((cleanup(peers_nets_clear)))

/* Adds what an item means; cluster is clusterCIDRs. -ENOMEM; -E2BIG: PEERS_NETS_MAX are there. */
int peers_nets_add(struct peers_nets *s, const struct peers_item *item,
		   const struct inet_addr *cluster, int n_cluster);
/* What both have. ret is replaced. -ENOMEM */
int peers_nets_intersect(const struct peers_nets *a, const struct peers_nets *b,
			 struct peers_nets *ret);
/* Sorts, and makes one of what overlaps or is beside each other. Before peers_nets_ports(). */
void peers_nets_merge(struct peers_nets *s);

/* Sorts n entries by family and length of the prefix, and leaves one of each network. How many. */
int peers_nets_distinct(struct peers_net *nets, int n);

/* The ranges of the entries that have the network, sorted and merged, those that count for all
 * before those with the condition; what the first or `node` (NULL is fine) have already is left
 * out of the second. net AF_UNSPEC: of `node` itself. -E2BIG: more than OFFER_RANGES_MAX; err names
 * the network. */
int peers_nets_ports(const struct peers_nets *s, const struct inet_addr *net,
		     const struct offer_ports *node, struct offer_ports *ret, struct err *err);
/* Looks whether no network of `of` has too many ranges in s (merged). -E2BIG names it. */
int peers_nets_check(const struct peers_nets *s, const struct peers_nets *of, struct err *err);

#endif
