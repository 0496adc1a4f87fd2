/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/source/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tell(const struct manifest_object *o, source_changed_fn *changed, void *arg)
{
	if (!changed)
		return;
	if (o->kind == MANIFEST_NAMESPACE)
		changed(arg, o->namespace.name, "");
	else
		changed(arg, o->pod.namespace, o->pod.name);
}

/* Both are sorted: one walk sees what only one of them has. */
static void tell_differences(const struct source_store *old, const struct source_store *new,
			     source_changed_fn *changed, void *arg)
{
	size_t i = 0, j = 0;

	while (i < old->n || j < new->n) {
		int cmp = i == old->n ? 1 :
			  j == new->n ? -1 :
					manifest_object_compare(old->objects[i], new->objects[j]);

		if (cmp < 0) {
			tell(old->objects[i++], changed, arg);
		} else if (cmp > 0) {
			tell(new->objects[j++], changed, arg);
		} else {
			if (!manifest_object_equal(old->objects[i], new->objects[j]))
				tell(new->objects[j], changed, arg);
			i++;
			j++;
		}
	}
}

int source_store_replace(struct source_store *s, struct manifest_object *const *objects, size_t n,
			 source_changed_fn *changed, void *arg)
{
	struct source_store old = *s;
	struct manifest_object **copy = calloc(n + 1, sizeof(struct manifest_object *));

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		copy[i] = manifest_object_ref(objects[i]);
	*s = (struct source_store){ .n = n, .objects = copy };
	tell_differences(&old, s, changed, arg);
	source_store_clear(&old);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return manifest_object_compare(*(struct manifest_object *const *)a,
				       *(struct manifest_object *const *)b);
}

/* Sorts and leaves the last of each name; qsort() need not be stable, so places tell. Returns how
 * many are left. */
static size_t sort_unique(struct manifest_object **objects, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		objects[i]->line = (int)i;
	qsort(objects, n, sizeof(struct manifest_object *), compare);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || compare(&objects[kept - 1], &objects[i]) != 0)
			objects[kept++] = objects[i];
		else if (objects[i]->line > objects[kept - 1]->line)
			objects[kept - 1] = objects[i];
	}
	return kept;
}

void source_store_clear(struct source_store *s)
{
	for (size_t i = 0; i < s->n; i++)
		manifest_object_unref(s->objects[i]);
	free(s->objects);
	*s = (struct source_store){ 0 };
}

static int compare_key(const struct manifest_object *o, enum manifest_kind kind,
		       const char *namespace, const char *name)
{
	int cmp;

	if (o->kind != kind)
		return o->kind < kind ? -1 : 1;
	cmp = strcmp(manifest_object_namespace(o), namespace);
	return cmp ? cmp : strcmp(manifest_object_name(o), name);
}

/* Where the object is, or would be. */
static size_t place_of(const struct source_store *s, enum manifest_kind kind, const char *namespace,
		       const char *name, bool *found)
{
	size_t low = 0, high = s->n;

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = compare_key(s->objects[mid], kind, namespace, name);

		if (cmp == 0) {
			*found = true;
			return mid;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t source_store_n(const struct source_store *s, enum manifest_kind kind)
{
	bool found;
	size_t n = place_of(s, MANIFEST_POD, "", "", &found);

	return kind == MANIFEST_NAMESPACE ? n : s->n - n;
}

/* Namespaces come first: what stays is before the new ones, or behind. */
int source_store_replace_kind(struct source_store *s, enum manifest_kind kind,
			      struct manifest_object *const *objects, size_t n,
			      source_changed_fn *changed, void *arg)
{
	size_t n_namespaces = source_store_n(s, MANIFEST_NAMESPACE);
	bool behind = kind == MANIFEST_NAMESPACE;
	size_t stay = behind ? s->n - n_namespaces : n_namespaces;
	struct manifest_object **all = calloc(stay + n + 1, sizeof(struct manifest_object *));
	struct manifest_object **fresh = all + (behind ? 0 : stay);
	int r;

	if (!all)
		return -ENOMEM;
	if (n > 0)
		memcpy(fresh, objects, n * sizeof(struct manifest_object *));
	n = sort_unique(fresh, n);
	if (stay > 0)
		memcpy(behind ? fresh + n : all, s->objects + (behind ? n_namespaces : 0),
		       stay * sizeof(struct manifest_object *));
	r = source_store_replace(s, all, stay + n, changed, arg);
	free(all);
	return r;
}

const struct manifest_object *source_store_find(const struct source_store *s,
						enum manifest_kind kind, const char *namespace,
						const char *name)
{
	bool found;
	size_t i = place_of(s, kind, namespace, name, &found);

	return found ? s->objects[i] : NULL;
}

int source_store_put(struct source_store *s, struct manifest_object *o, source_changed_fn *changed,
		     void *arg)
{
	struct manifest_object **grown, *old = NULL;
	bool found;
	size_t i =
		place_of(s, o->kind, manifest_object_namespace(o), manifest_object_name(o), &found);

	if (found) {
		old = s->objects[i];
	} else {
		grown = reallocarray(s->objects, s->n + 1, sizeof(struct manifest_object *));
		if (!grown)
			return -ENOMEM;
		s->objects = grown;
		memmove(grown + i + 1, grown + i, (s->n - i) * sizeof(struct manifest_object *));
		s->n++;
	}
	s->objects[i] = manifest_object_ref(o);
	if (!old || !manifest_object_equal(old, o))
		tell(o, changed, arg);
	manifest_object_unref(old);
	return 0;
}

void source_store_remove(struct source_store *s, const struct manifest_object *o,
			 source_changed_fn *changed, void *arg)
{
	struct manifest_object *old;
	bool found;
	size_t i =
		place_of(s, o->kind, manifest_object_namespace(o), manifest_object_name(o), &found);

	if (!found)
		return;
	old = s->objects[i];
	s->n--;
	memmove(s->objects + i, s->objects + i + 1, (s->n - i) * sizeof(struct manifest_object *));
	tell(old, changed, arg);
	manifest_object_unref(old);
}
