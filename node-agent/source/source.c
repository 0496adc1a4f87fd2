/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/source/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "node-agent/parse/k8s_name.h"
#include "node-agent/source/impl.h"

void source_close(struct source *s)
{
	if (!s)
		return;
	source_store_clear(&s->store);
	s->ops->close(s);
}

const struct object_pod *source_pod(const struct source *s, const char *namespace, const char *name)
{
	const struct manifest_object *o =
		source_store_find(&s->store, MANIFEST_POD, namespace, name);

	return o ? &o->pod : NULL;
}

const struct object_namespace *source_namespace(const struct source *s, const char *name)
{
	const struct manifest_object *o =
		source_store_find(&s->store, MANIFEST_NAMESPACE, "", name);

	return o ? &o->namespace : NULL;
}

ssize_t source_namespaces(const struct source *s, struct manifest_object ***ret)
{
	size_t n = source_store_n(&s->store, MANIFEST_NAMESPACE);
	struct manifest_object **list = calloc(n + 1, sizeof(struct manifest_object *));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) /* they come before pods */
		list[i] = manifest_object_ref(s->store.objects[i]);
	*ret = list;
	return (ssize_t)n;
}

bool source_synced(const struct source *s)
{
	return s->synced;
}

bool source_namespaces_known(const struct source *s)
{
	return s->synced || s->namespaces_read || s->namespaces_seeded;
}

bool source_may_lag(const struct source *s)
{
	return s->ops->may_lag;
}

const char *source_kind(const struct source *s)
{
	return s->ops->kind;
}

const char *source_from(const struct source *s)
{
	return s->ops->from(s);
}

const char *source_why(const struct source *s)
{
	return s->ops->why ? s->ops->why(s) : "";
}

uint64_t source_restarts(const struct source *s)
{
	return s->ops->restarts ? s->ops->restarts(s) : 0;
}

/* ---- namespaces of an earlier run: {NAME: {KEY: VALUE}} ---- */

static int seed_one(const char *name, const json_t *annotations, struct manifest_object **ret)
{
	struct manifest_object *o;
	const char *key;
	json_t *value;

	if (!k8s_name_label(name) || !json_is_object(annotations))
		return -EINVAL;
	json_object_foreach((json_t *)(uintptr_t)annotations, key, value)
	{
		if (!json_is_string(value))
			return -EINVAL;
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->refs = 1;
	o->kind = MANIFEST_NAMESPACE;
	o->namespace.name = strdup(name);
	o->namespace.annotations = json_object_size(annotations) ? json_deep_copy(annotations) :
								   manifest_no_annotations();
	if (!o->namespace.name || !o->namespace.annotations ||
	    annotations_bound(o->namespace.annotations, NULL) < 0) {
		manifest_object_unref(o);
		return -ENOMEM;
	}
	*ret = o;
	return 0;
}

int source_seed_namespaces(struct source *s, const json_t *saved, struct err *err)
{
	const char *name;
	json_t *value;

	if (!s->ops->may_lag || s->namespaces_read)
		return 0; /* it knows better */
	json_object_foreach((json_t *)(uintptr_t)saved, name, value)
	{
		struct manifest_object *o = NULL;
		int r = seed_one(name, value, &o);

		if (r < 0)
			return err_set(err, r, "namespace '%.64s' cannot be taken over", name);
		r = source_store_put(&s->store, o, NULL, NULL);
		manifest_object_unref(o);
		if (r < 0)
			return err_sys(err, r, "take over namespaces");
	}
	s->namespaces_seeded = true;
	return 0;
}

bool source_is_kept(const struct source *s)
{
	return s->ops->may_lag && s->namespaces_read;
}
