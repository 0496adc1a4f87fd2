#include "node-agent/model/attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- where to look ---- */

/* FNV-1a, the text's end included. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (;; text++) {
		hash = (hash ^ (unsigned char)*text) * 16777619;
		if (!*text)
			return hash;
	}
}

static uint32_t bucket_of_key(const struct wire_attachment *key)
{
	return hash_text(hash_text(2166136261, key->container_id), key->ifname) % ATTACH_BUCKETS;
}

static uint32_t bucket_of_pod(const char *namespace, const char *name)
{
	return hash_text(hash_text(2166136261, namespace), name) % ATTACH_BUCKETS;
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
	free(a);
}

void attach_drop(struct attach_table *t, struct attach *a)
{
	decide(t, a);
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

/* The wish in force counts as well as the one to come: until its job is done, either may be so. */
struct wish_shared attach_shared(const struct attach_table *t, const struct attach *a)
{
	struct wish_shared shared = { 0 };

	for (const struct attach *b = t->first; b; b = b->next) {
		bool made = b->busy || b->rec->phase != RECORD_NONE;

		if (b == a || !b->wanted || !made)
			continue;
		if (b->rec->netns.cookie == a->rec->netns.cookie && (b->rec->wish.steer || b->wish.steer))
			shared.entry = true;
		if (!strcmp(b->rec->req.cgroup_path, a->rec->req.cgroup_path) &&
		    (b->rec->wish.programs || b->wish.programs))
			shared.programs = true;
		if (b->rec->wish.host || b->wish.host)
			shared.host = true;
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
