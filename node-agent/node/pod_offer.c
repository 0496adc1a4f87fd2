/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/pod_offer.h"

#include <errno.h>

#include "common/cleanup.h"
#include "node-agent/model/peers.h"

static uint32_t flags_of(const struct record *rec)
{
	return rec->wish.steer ? OFFER_OPEN : 0;
}

/* What the pod says was good when it was decided; the agent's own part may be another since. */
static int rules_of(const struct node *node, const struct record *rec, struct peers_set **ret,
		    struct err *err)
{
	int r;

	if (!node->offer)
		return err_set(err, -EOPNOTSUPP, "the offer programs are not loaded: %s",
			       node->facts.offer.why);
	r = peers_make(node->config, text_get(rec->wish.peers), ret, err);
	return r < 0 ? err_prefix(err, r, "peers of the pod") : 0;
}

static int address_check(struct offer *o, uint64_t owner, const struct inet_addr *addr,
			 struct err *err)
{
	(void)owner; /* another pod that has the address is one of the node's, too */
	return offer_node_address_check(o, addr, err);
}

/* fn for each address of the pod, until one fails. */
static int each_address(struct node *node, const struct record *rec,
			int (*fn)(struct offer *o, uint64_t owner, const struct inet_addr *addr,
				  struct err *err),
			struct err *err)
{
	int r = 0;

	for (int i = 0; i < rec->req.n_interfaces && r == 0; i++) {
		const struct wire_interface *itf = &rec->req.interfaces[i];

		for (int k = 0; k < itf->n_ips && r == 0; k++)
			r = fn(node->offer, rec->netns.cookie, &itf->ips[k], err);
	}
	return r;
}

int pod_offer_apply(struct node *node, const struct record *rec, int netns_fd, struct err *err)
{
	auto_peers struct peers_set *set = NULL;
	int r = rules_of(node, rec, &set, err);

	if (r == 0)
		r = offer_pod_apply(node->offer, rec->netns.cookie, flags_of(rec), set, err);
	if (r == 0)
		r = offer_links_apply(node->offer, netns_fd, err);
	if (r == 0)
		r = each_address(node, rec, offer_node_address_apply, err);
	return r;
}

int pod_offer_check(struct node *node, const struct record *rec, int netns_fd, struct err *err)
{
	auto_peers struct peers_set *set = NULL;
	int r = rules_of(node, rec, &set, err);

	if (r == 0)
		r = offer_pod_check(node->offer, rec->netns.cookie, flags_of(rec), set, err);
	if (r == 0)
		r = offer_links_check(node->offer, netns_fd, err);
	if (r == 0)
		r = each_address(node, rec, address_check, err);
	return r;
}

bool pod_offer_is_there(const struct node *node, const struct record *rec)
{
	struct offer_counts counts;

	return node->offer && offer_pod_counts(node->offer, rec->netns.cookie, &counts, NULL) == 0;
}

int pod_offer_undo(struct node *node, const struct record *rec, int netns_fd, struct err *err)
{
	struct err e = ERR_INIT;
	int first = 0;

	if (netns_fd >= 0)
		err_keep_first(&first, err, offer_links_undo(netns_fd, &e), &e);
	if (!node->offer)
		return first;
	err_keep_first(&first, err, each_address(node, rec, offer_node_address_undo, &e), &e);
	err_keep_first(&first, err, offer_pod_undo(node->offer, rec->netns.cookie, &e), &e);
	return first;
}
