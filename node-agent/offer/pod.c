/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a pod: written under a generation of their own, then named by the pod's entry. */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"

void offer_key_make(struct offer_key *ret, uint64_t cookie, uint32_t generation,
		    const struct inet_addr *net)
{
	unsigned before = net->family == AF_INET ? 96 : 0; /* ::ffff:0:0/96 */
	unsigned bits = before + net->prefix_len;

	*ret = (struct offer_key){ .prefixlen = OFFER_KEY_BITS + bits,
				   .cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) },
				   .generation = generation };
	inet_as_v6(net, ret->address);
	for (unsigned i = 0; i < 128; i++)
		if (i >= bits)
			ret->address[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

static int read_entry(struct offer *o, uint64_t cookie, struct offer_pod *ret, struct err *err)
{
	int rc = bpf_map_lookup_elem(o->maps[OFFER_MAP_PODS], &cookie, ret);

	return rc < 0 ?
		       err_sys(err, rc, "find the offer's entry of netns cookie %" PRIu64, cookie) :
		       0;
}

/* Do the rules of this generation say what the set does? A rule that is missing where the next
 * shorter one says the same makes no difference. */
static int check_rules(struct offer *o, uint64_t cookie, uint32_t generation,
		       const struct peers_set *set, struct err *err)
{
	const struct offer_set *known = offer_set_find(o, cookie);

	if ((known ? known->n : 0) != set->n)
		return err_set(err, -ESTALE,
			       "check the offer of netns cookie %" PRIu64
			       ": %d rules instead of %d",
			       cookie, known ? known->n : 0, set->n);
	for (int i = 0; i < set->n; i++) {
		struct offer_ports found;
		struct offer_key key;
		char text[INET_TEXT_MAX];
		int rc;

		offer_key_make(&key, cookie, generation, &set->rules[i].net);
		rc = bpf_map_lookup_elem(o->maps[OFFER_MAP_RULES], &key, &found);
		if (rc < 0 || memcmp(&found, &set->rules[i].ports, sizeof(found)) != 0)
			return err_set(err, -ESTALE,
				       "check the offer of netns cookie %" PRIu64
				       ": the rule of %s is %s",
				       cookie, inet_format(&set->rules[i].net, text),
				       rc < 0 ? "missing" : "another");
	}
	return 0;
}

int offer_pod_check(struct offer *o, uint64_t cookie, uint32_t flags, const struct peers_set *set,
		    struct err *err)
{
	struct offer_counts counts;
	struct offer_pod pod;
	int rc = read_entry(o, cookie, &pod, err);

	if (rc < 0)
		return rc;
	if (pod.flags != flags || memcmp(&pod.node, &set->node, sizeof(pod.node)) != 0)
		return err_set(err, -ESTALE,
			       "check the offer of netns cookie %" PRIu64
			       ": flags %#x instead of %#x, or other ports for the node's pods",
			       cookie, pod.flags, flags);
	rc = check_rules(o, cookie, pod.generation, set, err);
	return rc < 0 ? rc : offer_pod_counts(o, cookie, &counts, err);
}

/* Writes the set under a generation; ret has the keys of what is written, also on failure. */
static int write_rules(struct offer *o, uint64_t cookie, uint32_t generation,
		       const struct peers_set *set, struct offer_set *ret, struct err *err)
{
	for (int i = 0; i < set->n; i++) {
		char text[INET_TEXT_MAX];
		struct offer_key key;
		int rc;

		offer_key_make(&key, cookie, generation, &set->rules[i].net);
		FAULT_POINT("rule of a pod", err);
		rc = offer_set_add(ret, &key);
		if (rc == 0)
			rc = bpf_map_update_elem(o->maps[OFFER_MAP_RULES], &key,
						 &set->rules[i].ports, BPF_ANY);
		if (rc < 0)
			return err_sys(err, rc,
				       "add the rule of %s to the offer of netns cookie"
				       " %" PRIu64,
				       inet_format(&set->rules[i].net, text), cookie);
	}
	return 0;
}

static int write_entry(struct offer *o, uint64_t cookie, uint32_t flags, uint32_t generation,
		       const struct peers_set *set, struct err *err)
{
	const struct offer_pod pod = { .flags = flags,
				       .generation = generation,
				       .node = set->node };
	static const struct offer_counts zero;
	int rc;

	FAULT_POINT("counts of an offer", err);
	rc = bpf_map_update_elem(o->maps[OFFER_MAP_COUNTS], &cookie, &zero, BPF_NOEXIST);
	if (rc < 0 && rc != -EEXIST)
		return err_sys(err, rc, "add the offer's counts of netns cookie %" PRIu64, cookie);
	FAULT_POINT("entry of an offer", err);
	rc = bpf_map_update_elem(o->maps[OFFER_MAP_PODS], &cookie, &pod, BPF_ANY);
	return rc < 0 ? err_sys(err, rc, "add the offer's entry of netns cookie %" PRIu64, cookie) :
			0;
}

/* The old set goes once no SYN looks for it. One that was on its way at that very moment finds
 * neither, and is plain TCP for both ends. */
static int change(struct offer *o, struct offer_set *known, uint32_t flags,
		  const struct peers_set *set, struct err *err)
{
	struct offer_set fresh = { .n = 0 };
	uint32_t generation = ++known->last;
	auto_free struct offer_key *old = NULL;
	int rc = write_rules(o, known->cookie, generation, set, &fresh, err);
	int n_old = known->n;

	if (rc == 0)
		rc = write_entry(o, known->cookie, flags, generation, set, err);
	if (rc < 0) {
		(void)offer_keys_delete(o, fresh.keys, fresh.n, NULL);
		free(fresh.keys);
		return rc;
	}
	old = known->keys;
	known->keys = fresh.keys;
	known->n = fresh.n;
	return offer_keys_delete(o, old, n_old, err);
}

int offer_pod_apply(struct offer *o, uint64_t cookie, uint32_t flags, const struct peers_set *set,
		    struct err *err)
{
	bool fresh = !offer_set_find(o, cookie);
	struct offer_set *known;
	struct offer_pod pod;
	int rc;

	if (cookie == OFFER_NODE_COOKIE)
		return err_set(err, -EINVAL, "apply an offer: netns cookie 0 is no namespace's");
	if (offer_pod_check(o, cookie, flags, set, NULL) == 0)
		return 0;
	known = offer_set_get(o, cookie);
	if (!known)
		return err_sys(err, ENOMEM, "apply the offer of netns cookie %" PRIu64, cookie);
	/* an entry without rules, of an earlier run */
	if (fresh && read_entry(o, cookie, &pod, NULL) == 0)
		known->last = pod.generation;
	rc = change(o, known, flags, set, err);
	if (rc < 0 && fresh)
		(void)offer_pod_undo(o, cookie, NULL);
	return rc;
}

int offer_pod_undo(struct offer *o, uint64_t cookie, struct err *err)
{
	struct offer_set *known = offer_set_find(o, cookie);
	int rc;

	FAULT_POINT("removal of an offer's entry", err);
	rc = bpf_map_delete_elem(o->maps[OFFER_MAP_PODS], &cookie);
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "remove the offer's entry of netns cookie %" PRIu64,
			       cookie);
	FAULT_POINT("removal of an offer's counts", err);
	rc = bpf_map_delete_elem(o->maps[OFFER_MAP_COUNTS], &cookie);
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "remove the offer's counts of netns cookie %" PRIu64,
			       cookie);
	if (!known)
		return 0;
	rc = offer_keys_delete(o, known->keys, known->n, err);
	if (rc == 0)
		offer_set_forget(o, cookie);
	return rc;
}

int offer_pod_counts(struct offer *o, uint64_t cookie, struct offer_counts *ret, struct err *err)
{
	int rc = bpf_map_lookup_elem(o->maps[OFFER_MAP_COUNTS], &cookie, ret);

	return rc < 0 ? err_sys(err, rc, "read the offer's counts of netns cookie %" PRIu64,
				cookie) :
			0;
}

/* The bound ends the walk even if the map changes under it. */
int offer_pod_list(struct offer *o, uint64_t **ret, struct err *err)
{
	auto_free uint64_t *cookies = calloc(STEER_MAX_PODS, sizeof(*cookies));
	int n = 0, rc = 0;

	if (!cookies)
		return err_sys(err, ENOMEM, "list the offers");
	while (n < STEER_MAX_PODS) {
		rc = bpf_map_get_next_key(o->maps[OFFER_MAP_PODS], n ? &cookies[n - 1] : NULL,
					  &cookies[n]);
		if (rc < 0)
			break;
		n++;
	}
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "list the offers");
	*ret = TAKE_PTR(cookies);
	return n;
}
