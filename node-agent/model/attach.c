/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fnv.h"

/* ---- where to look ---- */

static uint32_t bucket_of_key(const struct wire_attachment *key)
{
	return fnv1a_pair(key->container_id, key->ifname) % ATTACH_BUCKETS;
}

static uint32_t bucket_of_pod(const char *namespace, const char *name)
{
	return fnv1a_pair(namespace, name) % ATTACH_BUCKETS;
}

static void index_put(struct attach_table *t, struct attach *a)
{
	const struct wire_pod *pod = &a->rec->req.pod;
	const uint32_t places[ATTACH_N_INDEXES] = {
		[ATTACH_BY_KEY] = bucket_of_key(attach_key(a)),
		[ATTACH_BY_POD] = bucket_of_pod(pod->namespace, pod->name),
		[ATTACH_BY_NAMESPACE] = bucket_of_pod(pod->namespace, ""),
	};

	for (int i = 0; i < ATTACH_N_INDEXES; i++)
		LIST_INSERT_HEAD(&t->buckets[i][places[i]], a, same[i]);
}

/* ---- the table ---- */

struct attach *attach_add(struct attach_table *t, struct record *rec)
{
	struct attach *a;

	if (t->n >= ATTACH_MAX)
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->rec = rec;
	a->netns_fd = -1;
	a->wanted = true;
	a->steered = rec->phase == RECORD_COMMITTED && rec->wish.steer;
	a->next = t->first;
	a->link = &t->first;
	if (a->next)
		a->next->link = &a->next;
	t->first = a;
	if (t->n++ == 0)
		TAILQ_INIT(&t->undecided);
	index_put(t, a);
	return a;
}

const struct wire_attachment *attach_key(const struct attach *a)
{
	return &a->rec->req.attachment;
}

struct attach *attach_find(const struct attach_table *t, const struct wire_attachment *key)
{
	struct attach *a;

	LIST_FOREACH(a, &t->buckets[ATTACH_BY_KEY][bucket_of_key(key)], same[ATTACH_BY_KEY]) {
		if (wire_attachment_same(attach_key(a), key))
			return a;
	}
	return NULL;
}

void attach_each_of(const struct attach_table *t, const char *namespace, const char *name,
		    void (*fn)(void *arg, struct attach *a), void *arg)
{
	enum attach_by by = name[0] ? ATTACH_BY_POD : ATTACH_BY_NAMESPACE;
	struct attach *a;

	LIST_FOREACH(a, &t->buckets[by][bucket_of_pod(namespace, name)], same[by]) {
		const struct wire_pod *pod = &a->rec->req.pod;

		if (!strcmp(pod->namespace, namespace) && (!name[0] || !strcmp(pod->name, name)))
			fn(arg, a);
	}
}

struct attach *attach_next_in_turn(struct attach_table *t)
{
	struct attach *a = t->in_round ? t->in_turn : t->first;

	t->in_round = a;
	t->in_turn = a ? a->next : NULL;
	return a;
}

void attach_undecide(struct attach_table *t, struct attach *a)
{
	if (a->is_undecided)
		return;
	a->is_undecided = true;
	TAILQ_INSERT_TAIL(&t->undecided, a, undecided);
}

static void decide(struct attach_table *t, struct attach *a)
{
	if (!a->is_undecided)
		return;
	a->is_undecided = false;
	TAILQ_REMOVE(&t->undecided, a, undecided);
}

struct attach *attach_next_undecided(struct attach_table *t)
{
	struct attach *a = TAILQ_FIRST(&t->undecided);

	if (a)
		decide(t, a);
	return a;
}

static void attach_free(struct attach *a)
{
	if (a->netns_fd >= 0)
		(void)close(a->netns_fd);
	record_free(a->rec);
	record_free(a->successor);
	json_decref(a->known);
	text_unref(a->containers_known);
	text_unref(a->containers_told);
	wish_clear(&a->wish);
	free(a);
}

void attach_drop(struct attach_table *t, struct attach *a)
{
	decide(t, a);
	if (t->in_turn == a)
		t->in_turn = a->next;
	for (int i = 0; i < ATTACH_N_INDEXES; i++)
		LIST_REMOVE(a, same[i]);
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	t->n--;
	attach_free(a);
}

void attach_clear(struct attach_table *t)
{
	while (t->first)
		attach_drop(t, t->first);
}

const char *attach_name(const struct attach *a, char *buf, size_t size)
{
	const struct wire_pod *pod = &a->rec->req.pod;

	if (pod->name[0])
		(void)snprintf(buf, size, "%s/%s", pod->namespace, pod->name);
	else
		(void)snprintf(buf, size, "%s", attach_key(a)->container_id);
	return buf;
}

/* The host has one POD/32, whatever the length of the pod's own prefix. */
static bool has_addr(const struct wish_addrs *addrs, const struct inet_addr *addr)
{
	for (int i = 0; i < addrs->n_addrs; i++) {
		if (addrs->addrs[i].v4.s_addr == addr->v4.s_addr)
			return true;
	}
	return false;
}

static void share_addrs(const struct attach *b, const struct wish_addrs *of_a,
			struct wish_shared *shared)
{
	struct wish_addrs of_b;

	wish_host_addrs(&b->rec->req, &of_b);
	for (int i = 0; i < of_a->n_addrs; i++)
		shared->addrs[i] |= has_addr(&of_b, &of_a->addrs[i]);
}

/* What the others are going to want counts, not what they have now: when two end at the same
 * time, each would keep for the other what neither wants. The queue keeps order. So what another
 * one gives up later, its own job takes back, and what is taken from it now it does not want any
 * more. */
struct wish_shared attach_shared(const struct attach_table *t, const struct attach *a)
{
	struct wish_shared shared = { 0 };
	struct wish_addrs addrs;

	wish_host_addrs(&a->rec->req, &addrs);
	for (const struct attach *b = t->first; b; b = b->next) {
		bool made = b->busy || b->rec->phase != RECORD_NONE;

		if (b == a || !b->wanted || !made)
			continue;
		if (b->wish.steer && b->rec->netns.cookie == a->rec->netns.cookie)
			shared.entry = true;
		if (b->wish.programs && !strcmp(b->rec->req.cgroup_path, a->rec->req.cgroup_path))
			shared.programs = true;
		if (!b->wish.host)
			continue;
		shared.host = true;
		share_addrs(b, &addrs, &shared);
	}
	return shared;
}

struct reconcile_state attach_state(const struct attach *a)
{
	return (struct reconcile_state){
		.phase = a->rec->phase,
		.busy = a->busy,
		.wanted = a->wanted,
		.commit = a->commit,
		.changed = !wish_equal(&a->wish, &a->rec->wish),
		.damaged = a->damaged,
		.waits = a->waits,
	};
}
