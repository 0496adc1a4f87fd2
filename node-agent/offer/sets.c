/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules are in the trie: it cannot be asked for those of one pod. */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"

struct offer_set *offer_set_find(struct offer *o, uint64_t cookie)
{
	for (struct offer_set *s = o->sets; s; s = s->next)
		if (s->cookie == cookie)
			return s;
	return NULL;
}

static void free_set(struct offer_set *s)
{
	free(s->keys);
	free(s);
}

struct offer_set *offer_set_get(struct offer *o, uint64_t cookie)
{
	struct offer_set *s = offer_set_find(o, cookie);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->cookie = cookie;
	s->next = o->sets;
	o->sets = s;
	return s;
}

void offer_set_forget(struct offer *o, uint64_t cookie)
{
	for (struct offer_set **at = &o->sets; *at; at = &(*at)->next)
		if ((*at)->cookie == cookie) {
			struct offer_set *gone = *at;

			*at = gone->next;
			free_set(gone);
			return;
		}
}

void offer_sets_free(struct offer *o)
{
	while (o->sets) {
		struct offer_set *s = o->sets;

		o->sets = s->next;
		free_set(s);
	}
}

/* Room grows to the next power of two, so that what follows is seldom a copy. */
int offer_set_add(struct offer_set *s, const struct offer_key *key)
{
	struct offer_key *keys = s->keys;

	if (!(s->n & (s->n - 1))) {
		size_t room = s->n ? 2 * (size_t)s->n : 1;

		keys = reallocarray(keys, room, sizeof(*keys));
		if (!keys)
			return -ENOMEM;
		s->keys = keys;
	}
	keys[s->n++] = *key;
	return 0;
}

int offer_keys_delete(struct offer *o, const struct offer_key *keys, int n, struct err *err)
{
	for (int i = 0; i < n; i++) {
		int rc;

		FAULT_POINT("removal of a rule", err);
		rc = bpf_map_delete_elem(o->maps[OFFER_MAP_RULES], &keys[i]);
		if (rc < 0 && rc != -ENOENT)
			return err_sys(err, rc, "remove a rule of the offer");
	}
	return 0;
}

static uint64_t cookie_of(const struct offer_key *key)
{
	return key->cookie[0] | (uint64_t)key->cookie[1] << 32;
}

/* Is it of the set that the pod's entry names? */
static int is_in_force(struct offer *o, const struct offer_key *key, bool *ret, struct err *err)
{
	uint64_t cookie = cookie_of(key);
	struct offer_pod pod;
	int rc;

	*ret = cookie == OFFER_NODE_COOKIE && key->generation == 0;
	if (cookie == OFFER_NODE_COOKIE)
		return 0;
	rc = bpf_map_lookup_elem(o->maps[OFFER_MAP_PODS], &cookie, &pod);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return err_sys(err, rc, "read the offer's entry of a pod");
	*ret = pod.generation == key->generation;
	return 0;
}

static int sort_in(struct offer *o, const struct offer_key *key, struct offer_set *stale,
		   struct err *err)
{
	struct offer_set *s = stale;
	bool in_force;
	int rc = is_in_force(o, key, &in_force, err);

	if (rc < 0)
		return rc;
	if (in_force) {
		s = offer_set_get(o, cookie_of(key));
		if (s)
			s->last = key->generation;
	}
	rc = s ? offer_set_add(s, key) : -ENOMEM;
	return rc < 0 ? err_sys(err, rc, "read the rules of the offer") : 0;
}

int offer_sets_read(struct offer *o, struct err *err)
{
	struct offer_set stale = { .n = 0 };
	struct offer_key key, next;
	const struct offer_key *at = NULL;
	int rc = 0;

	for (int i = 0; i < OFFER_RULES_MAX; i++) {
		rc = bpf_map_get_next_key(o->maps[OFFER_MAP_RULES], at, &next);
		if (rc < 0)
			break;
		key = next;
		at = &key;
		rc = sort_in(o, &key, &stale, err);
		if (rc < 0)
			goto out;
	}
	rc = rc == -ENOENT ? 0 : rc;
	if (rc < 0)
		rc = err_sys(err, rc, "list the rules of the offer");
	else
		rc = offer_keys_delete(o, stale.keys, stale.n, err);
out:
	free(stale.keys);
	return rc;
}
