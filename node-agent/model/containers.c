/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/model/list.h"

/* A list of pairs that grows; if memory ran out it is as good as none. */
struct writing {
	char *buf;
	size_t len;
	FILE *out;
	bool bad;
};

static bool begin(struct writing *w)
{
	*w = (struct writing){ .bad = false };
	w->out = open_memstream(&w->buf, &w->len);
	return w->out;
}

static void put(struct writing *w, const char *name, int name_len, const char *value, int value_len)
{
	const char *comma = ftell(w->out) > 0 ? "," : "";

	w->bad |= fprintf(w->out, "%s%.*s=%.*s", comma, name_len, name, value_len, value) < 0;
}

static struct text *end(struct writing *w)
{
	struct text *text = NULL;

	w->bad |= fclose(w->out) != 0;
	if (!w->bad)
		text = text_new(w->buf);
	free(w->buf);
	return text;
}

/* ---- what is known of those that it names ---- */

struct wanting {
	struct writing w;
	const char *known, *told;
	char seen[LIST_ITEMS_MAX][CONTAINERS_NAME_MAX];
	int n;
};

/* True at the second time. */
static bool is_twice(struct wanting *wanting, const char *name)
{
	for (int i = 0; i < wanting->n; i++)
		if (!strcmp(wanting->seen[i], name))
			return true;
	if (wanting->n < LIST_ITEMS_MAX)
		(void)snprintf(wanting->seen[wanting->n++], CONTAINERS_NAME_MAX, "%s", name);
	return false;
}

static bool find_id(const char *known, const char *told, const char *name, struct pair *ret)
{
	size_t len = strlen(name);

	return pairs_find(told, name, len, ret) || pairs_find(known, name, len, ret);
}

static int want_one(void *arg, const char *item)
{
	struct wanting *wanting = arg;
	struct pair pair = { .value = "" };

	if (is_twice(wanting, item))
		return 0;
	(void)find_id(wanting->known, wanting->told, item, &pair);
	put(&wanting->w, item, (int)strlen(item), pair.value, pair.value_len);
	return 0;
}

struct text *containers_want(const char *annotation, const char *known, const char *told)
{
	auto_free struct wanting *wanting = calloc(1, sizeof(*wanting));

	if (!wanting || !begin(&wanting->w))
		return NULL;
	wanting->known = known;
	wanting->told = told;
	if (list_each(annotation, want_one, wanting) < 0)
		wanting->w.bad = true;
	return end(&wanting->w);
}

struct straying {
	const char *known, *told;
	char *first;
	bool some; /* of the names is one of the pod's */
};

static int look_at_one(void *arg, const char *item)
{
	struct straying *s = arg;
	struct pair pair;

	if (find_id(s->known, s->told, item, &pair))
		s->some = true;
	else if (!*s->first)
		(void)snprintf(s->first, CONTAINERS_NAME_MAX, "%s", item);
	return 0;
}

bool containers_stray(const char *annotation, const char *known, const char *told,
		      char ret_first[CONTAINERS_NAME_MAX])
{
	struct straying s = { .known = known, .told = told, .first = ret_first };

	ret_first[0] = '\0';
	if (!known || list_each(annotation, look_at_one, &s) < 0)
		return false;
	return !s.some;
}

/* ---- what the runtime tells ---- */

struct text *containers_tell(const char *told, const char *name, const char *id)
{
	struct writing w;
	struct pair pair;

	if (!begin(&w))
		return NULL;
	while (pairs_next(&told, &pair)) {
		if ((size_t)pair.name_len != strlen(name) ||
		    memcmp(pair.name, name, (size_t)pair.name_len) != 0)
			put(&w, pair.name, pair.name_len, pair.value, pair.value_len);
	}
	if (*id)
		put(&w, name, (int)strlen(name), id, (int)strlen(id));
	return end(&w);
}

/* ---- cgroups ---- */

uint64_t containers_cgroup(const struct pair *pair)
{
	return pair->value_len ? strtoull(pair->value, NULL, 10) : 0;
}

bool containers_has(const char *placed, uint64_t cgroup)
{
	struct pair pair;

	while (pairs_next(&placed, &pair))
		if (containers_cgroup(&pair) == cgroup)
			return true;
	return false;
}
