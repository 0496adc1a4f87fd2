/* SPDX-License-Identifier: Apache-2.0 */
/* To whom a pod offers SMC: what the agent's list of peers and the pod's say together, in the form
 * that the offer program looks up (bpf/offer.h). Pure.
 *
 * A list says yes to an address and a port when any of its items does; a pod offers what both
 * lists say yes to. That is exact, `node` included: 10.0.0.0/8 narrowed by `node` are those of
 * 10.0.0.0/8 that are this node's pods.
 */
#ifndef SMC_AGENT_PEERS_H
#define SMC_AGENT_PEERS_H

#include <stdbool.h>

#include "bpf/offer.h"
#include "common/err.h"
#include "common/inet.h"
#include "node-agent/config/config.h"
#include "node-agent/config/peers_item.h"

struct peers_rule {
	struct inet_addr net;
	struct offer_ports ports; /* what all networks allow that contain it; n 0: nothing */
};

struct peers_set {
	int n;
	/* Sorted by family, then length of the prefix; no two of a network, none that says what the
	 * next shorter one that contains it says. */
	struct peers_rule *rules;
	struct offer_ports node; /* for this node's pods, and the pod itself over loopback */
};

/* Judges the text of an annotation: how its items are spelt, and how many there are. -EINVAL */
int peers_text_check(const char *text);
/* The agent's peers, narrowed by those in the text of an annotation (NULL: not narrowed). *ret is
 * for peers_free(). -EINVAL: one network would have more than OFFER_RANGES_MAX ranges, or the words
 * mean more than PEERS_NETS_MAX networks; err says which. */
int peers_make(const struct config *config, const char *text, struct peers_set **ret,
	       struct err *err);
void peers_free(struct peers_set *s); /* NULL is fine */
void peers_cleanup(struct peers_set **s);
#define auto_peers __attribute__((cleanup(peers_cleanup)))

bool peers_is_empty(const struct peers_set *s); /* SMC is offered to nobody */
bool peers_equal(const struct peers_set *a, const struct peers_set *b);

#endif
