/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/sandbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/fnv.h"

static uint32_t bucket(const char *id)
{
	return fnv1a(FNV1A_START, id) % SANDBOX_BUCKETS;
}

static bool fits(const char *text)
{
	return strlen(text) < SANDBOX_TEXT_MAX;
}

/* Keeps the old text where the new one is the same, or there is no memory. */
static bool keep(char **to, const char *text)
{
	char *copy;

	if (*to && !strcmp(*to, text))
		return true;
	copy = strdup(text);
	if (!copy)
		return false;
	free(*to);
	*to = copy;
	return true;
}

/* ---- the table ---- */

struct sandbox_table *sandbox_table_new(void)
{
	return calloc(1, sizeof(struct sandbox_table));
}

void sandbox_table_free(struct sandbox_table *t)
{
	for (int i = 0; t && i < SANDBOX_BUCKETS; i++) {
		while (!LIST_EMPTY(&t->sandboxes[i]))
			sandbox_drop(t, LIST_FIRST(&t->sandboxes[i]));
	}
	free(t);
}

/* ---- sandboxes ---- */

struct sandbox *sandbox_find(const struct sandbox_table *t, const char *id)
{
	struct sandbox *s;

	LIST_FOREACH(s, &t->sandboxes[bucket(id)], same_bucket) {
		if (!strcmp(s->id, id))
			return s;
	}
	return NULL;
}

static struct sandbox *add(struct sandbox_table *t, const char *id)
{
	struct sandbox *s = t->n < SANDBOX_MAX ? calloc(1, sizeof(*s)) : NULL;

	if (!s || !keep(&s->id, id)) {
		free(s);
		return NULL;
	}
	LIST_INSERT_HEAD(&t->sandboxes[bucket(id)], s, same_bucket);
	t->n++;
	return s;
}

struct sandbox *sandbox_put(struct sandbox_table *t, const struct sandbox_told *told)
{
	struct sandbox *there, *s;

	if (!*told->id || !fits(told->id) || !fits(told->uid) || !fits(told->namespace) ||
	    !fits(told->name) || !fits(told->netns) || !fits(told->cgroup_parent))
		return NULL;
	there = sandbox_find(t, told->id);
	s = there ? there : add(t, told->id);
	if (!s)
		return NULL;
	if (keep(&s->uid, told->uid) && keep(&s->namespace, told->namespace) &&
	    keep(&s->name, told->name) && keep(&s->netns, told->netns) &&
	    keep(&s->cgroup_parent, told->cgroup_parent))
		return s;
	if (!there)
		sandbox_drop(t, s);
	return NULL;
}

void sandbox_drop(struct sandbox_table *t, struct sandbox *s)
{
	while (!LIST_EMPTY(&s->containers))
		sandbox_container_drop(t, LIST_FIRST(&s->containers));
	LIST_REMOVE(s, same_bucket);
	t->n--;
	free(s->id);
	free(s->uid);
	free(s->namespace);
	free(s->name);
	free(s->netns);
	free(s->cgroup_parent);
	free(s);
}

/* ---- containers ---- */

struct sandbox_container *sandbox_container_find(const struct sandbox_table *t, const char *id)
{
	struct sandbox_container *c;

	LIST_FOREACH(c, &t->containers[bucket(id)], same_bucket) {
		if (!strcmp(c->id, id))
			return c;
	}
	return NULL;
}

static struct sandbox_container *add_container(struct sandbox_table *t, struct sandbox *s,
					       const char *id)
{
	struct sandbox_container *c = NULL;

	if (t->n_containers < SANDBOX_CONTAINERS_MAX)
		c = calloc(1, sizeof(*c));
	if (!c || !keep(&c->id, id)) {
		free(c);
		return NULL;
	}
	c->sandbox = s;
	LIST_INSERT_HEAD(&s->containers, c, same_sandbox);
	LIST_INSERT_HEAD(&t->containers[bucket(id)], c, same_bucket);
	t->n_containers++;
	return c;
}

struct sandbox_container *sandbox_container_put(struct sandbox_table *t, struct sandbox *s,
						const struct sandbox_container_told *told)
{
	struct sandbox_container *there, *c;

	if (!*told->id || !fits(told->id) || !fits(told->name) || !fits(told->cgroup))
		return NULL;
	there = sandbox_container_find(t, told->id);
	if (there && there->sandbox != s)
		return NULL;
	c = there ? there : add_container(t, s, told->id);
	if (!c)
		return NULL;
	if (keep(&c->name, told->name) && keep(&c->cgroup, told->cgroup)) {
		c->pid = told->pid;
		return c;
	}
	if (!there)
		sandbox_container_drop(t, c);
	return NULL;
}

void sandbox_container_drop(struct sandbox_table *t, struct sandbox_container *c)
{
	LIST_REMOVE(c, same_sandbox);
	LIST_REMOVE(c, same_bucket);
	t->n_containers--;
	free(c->id);
	free(c->name);
	free(c->cgroup);
	free(c);
}
