#include "node-agent/source_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tell(const struct manifest_object *o, source_changed_fn *changed, void *arg)
{
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

const struct manifest_object *source_store_find(const struct source_store *s,
						enum manifest_kind kind, const char *namespace,
						const char *name)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = compare_key(s->objects[mid], kind, namespace, name);

		if (cmp == 0)
			return s->objects[mid];
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
