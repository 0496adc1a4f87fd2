/* SPDX-License-Identifier: Apache-2.0 */
/* What all pods share: the switch, and the addresses of this node's pods. */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "common/fault.h"

static void key_of(struct offer_key *ret, const struct inet_addr *addr)
{
	struct inet_addr whole = *addr; /* a pod's address comes with the prefix of its network */

	whole.prefix_len = addr->family == AF_INET ? 32 : 128;
	offer_key_make(ret, OFFER_NODE_COOKIE, 0, &whole);
}

static int index_of(const struct offer_set *set, const struct offer_key *key)
{
	for (int i = 0; set && i < set->n; i++)
		if (!memcmp(&set->keys[i], key, sizeof(*key)))
			return i;
	return -1;
}

/* No ports: that the address is there is all that the program asks. In their place is the owner. */
static struct offer_ports owned_by(uint64_t owner)
{
	struct offer_ports p = { .n = 0 };

	_Static_assert(sizeof(p.range) >= sizeof(owner), "the owner has room");
	memcpy(p.range, &owner, sizeof(owner));
	return p;
}

static int read_owner(struct offer *o, const struct offer_key *key, uint64_t *ret)
{
	struct offer_ports p;
	int rc = bpf_map_lookup_elem(o->maps[OFFER_MAP_RULES], key, &p);

	if (rc == 0)
		memcpy(ret, p.range, sizeof(*ret));
	return rc;
}

int offer_node_address_apply(struct offer *o, uint64_t owner, const struct inet_addr *addr,
			     struct err *err)
{
	const struct offer_ports value = owned_by(owner);
	struct offer_set *set = offer_set_get(o, OFFER_NODE_COOKIE);
	char text[INET_TEXT_MAX];
	struct offer_key key;
	int rc = 0;

	key_of(&key, addr);
	FAULT_POINT("address of a pod", err);
	if (!set)
		rc = -ENOMEM;
	else if (index_of(set, &key) < 0)
		rc = offer_set_add(set, &key);
	if (rc == 0)
		rc = bpf_map_update_elem(o->maps[OFFER_MAP_RULES], &key, &value, BPF_ANY);
	return rc < 0 ? err_sys(err, rc, "add address %s to those of the node's pods",
				inet_format_addr(addr, text)) :
			0;
}

int offer_node_address_check(struct offer *o, const struct inet_addr *addr, struct err *err)
{
	char text[INET_TEXT_MAX];
	struct offer_key key;
	uint64_t owner;
	int rc;

	key_of(&key, addr);
	rc = read_owner(o, &key, &owner);
	return rc < 0 ? err_sys(err, rc, "find address %s among those of the node's pods",
				inet_format_addr(addr, text)) :
			0;
}

int offer_node_address_undo(struct offer *o, uint64_t owner, const struct inet_addr *addr,
			    struct err *err)
{
	struct offer_set *set = offer_set_find(o, OFFER_NODE_COOKIE);
	char text[INET_TEXT_MAX];
	struct offer_key key;
	uint64_t found = 0;
	int at, rc;

	key_of(&key, addr);
	rc = read_owner(o, &key, &found);
	if (rc == 0 && found != owner)
		return 0;
	rc = offer_keys_delete(o, &key, 1, err);
	if (rc < 0)
		return err_prefix(err, rc, "address %s", inet_format_addr(addr, text));
	at = index_of(set, &key);
	if (at >= 0)
		set->keys[at] = set->keys[--set->n];
	return 0;
}

int offer_node_close(struct offer *o, bool closed, struct err *err)
{
	const struct offer_node node = { .closed = closed };
	uint32_t zero = 0;
	int rc;

	FAULT_POINT("switch of the offers", err);
	rc = bpf_map_update_elem(o->maps[OFFER_MAP_NODE], &zero, &node, BPF_ANY);
	return rc < 0 ? err_sys(err, rc, "%s the offers of all pods", closed ? "close" : "open") :
			0;
}

int offer_node_closed(struct offer *o, bool *ret, struct err *err)
{
	struct offer_node node;
	uint32_t zero = 0;
	int rc = bpf_map_lookup_elem(o->maps[OFFER_MAP_NODE], &zero, &node);

	if (rc < 0)
		return err_sys(err, rc, "read whether the offers are closed");
	*ret = node.closed != 0;
	return 0;
}
