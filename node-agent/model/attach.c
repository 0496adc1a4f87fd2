#include "node-agent/model/attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	t->first = a;
	t->n++;
	return a;
}

const struct wire_attachment *attach_key(const struct attach *a)
{
	return &a->rec->req.attachment;
}

struct attach *attach_find(const struct attach_table *t, const struct wire_attachment *key)
{
	for (struct attach *a = t->first; a; a = a->next) {
		if (wire_attachment_same(attach_key(a), key))
			return a;
	}
	return NULL;
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
	for (struct attach **p = &t->first; *p; p = &(*p)->next) {
		if (*p != a)
			continue;
		*p = a->next;
		t->n--;
		attach_free(a);
		return;
	}
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
