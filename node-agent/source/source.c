/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/source/source.h"

#include <errno.h>
#include <stdlib.h>

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

ssize_t source_objects(const struct source *s, struct manifest_object ***ret)
{
	size_t n = source_store_n(&s->store, MANIFEST_NAMESPACE);
	struct manifest_object **list;

	if (!s->ops->may_lag) /* pods, which come behind, too */
		n += source_store_n(&s->store, MANIFEST_POD);
	list = calloc(n + 1, sizeof(struct manifest_object *));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
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

/* ---- what an earlier run knew ---- */

int source_seed(struct source *s, const json_t *saved, struct err *err)
{
	return s->ops->seed(s, saved, err);
}

bool source_is_kept(const struct source *s)
{
	return !s->ops->may_lag || s->namespaces_read;
}
