/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a list of peers, as the key `peers` of agent.yaml and the annotation spell it. Pure.
 *
 * A CIDR, or a word: `node`, `cluster`, `private`, `any`; then optionally ":PORT" or ":FROM-TO". A
 * CIDR of IPv6 is in brackets when a port follows, and only then. IPv4-mapped IPv6
 * (::ffff:10.0.0.0/104) is the IPv4 network that it means (10.0.0.0/8).
 */
#ifndef SMC_AGENT_CONFIG_PEERS_ITEM_H
#define SMC_AGENT_CONFIG_PEERS_ITEM_H

#include <stdint.h>

#include "common/inet.h"

#define PEERS_ITEMS_MAX 256 /* of one list */
#define PEERS_PORT_MIN 1
#define PEERS_PORT_MAX 65535
#define PEERS_ITEM_ALLOWED                                                                       \
	"a CIDR or one of node, cluster, private, any, each optionally with :PORT or :FROM-TO, " \
	"such as 10.0.0.0/8:443 or [fd00::/8]:80-90"

enum peers_word {
	PEERS_CIDR,
	PEERS_NODE, /* this node's pods, and the pod itself over loopback */
	PEERS_CLUSTER, /* clusterCIDRs of the agent's configuration, or what PRIVATE is; and NODE */
	PEERS_PRIVATE, /* networks that are nobody's on the Internet, and NODE */
	PEERS_ANY, /* everything */
};

struct peers_item {
	enum peers_word word;
	struct inet_addr net; /* of PEERS_CIDR */
	uint16_t from, to; /* ports of the service; both included */
};

/* These return 0, or -EINVAL without a message: the caller knows where the text stands. */
int peers_item_parse(const char *text, struct peers_item *ret);
/* A CIDR; what is IPv4-mapped becomes IPv4. */
int peers_cidr_parse(const char *text, struct inet_addr *ret);

#endif
