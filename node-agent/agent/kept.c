/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/kept.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "node-agent/model/policy.h"

/* A text that grows. If memory ran out it is as good as none. */
struct text {
	char *buf;
	size_t len;
	FILE *out;
	bool bad;
};

static bool text_open(struct text *t)
{
	*t = (struct text){ 0 };
	t->out = open_memstream(&t->buf, &t->len);
	return t->out;
}

static void put(struct text *t, const char *piece)
{
	t->bad |= !piece || fputs(piece, t->out) < 0;
}

static char *text_close(struct text *t)
{
	t->bad |= fclose(t->out) != 0;
	if (!t->bad)
		return t->buf;
	free(t->buf);
	return NULL;
}

char *kept_required(struct manifest_object *const *objects, size_t n)
{
	struct text t;

	if (!text_open(&t))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct object_namespace *ns = &objects[i]->namespace;

		if (objects[i]->kind != MANIFEST_NAMESPACE ||
		    !policy_namespace_required(ns->name, ns->annotations))
			continue;
		put(&t, ns->name);
		put(&t, "\n");
	}
	return text_close(&t);
}

/* Namespaces are written one at a time: ten thousand as one tree would be megabytes. A name has
 * [a-z0-9-] only. */
static void put_namespaces(struct text *t, struct manifest_object *const *objects, size_t n)
{
	put(t, "{");
	for (size_t i = 0; i < n && objects[i]->kind == MANIFEST_NAMESPACE; i++) {
		const struct object_namespace *ns = &objects[i]->namespace;
		auto_free char *annotations =
			json_dumps(ns->annotations, JSON_COMPACT | JSON_SORT_KEYS);

		put(t, i ? ",\"" : "\"");
		put(t, ns->name);
		put(t, "\":");
		put(t, annotations);
	}
	put(t, "}");
}

char *kept_namespaces(struct manifest_object *const *namespaces, size_t n)
{
	struct text t;

	if (!text_open(&t))
		return NULL;
	put_namespaces(&t, namespaces, n);
	return text_close(&t);
}

static void put_pod(struct text *t, const struct object_pod *pod)
{
	json_auto_t *obj = json_pack("{s:s, s:s, s:s, s:b, s:O, s:s*}", "namespace", pod->namespace,
				     "name", pod->name, "uid", pod->uid, "hostNetwork",
				     pod->host_network, "annotations", pod->annotations,
				     "containers", text_get(pod->containers));
	auto_free char *text = obj ? json_dumps(obj, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	put(t, text);
}

char *kept_manifests(struct manifest_object *const *objects, size_t n)
{
	const char *comma = "";
	struct text t;

	if (!text_open(&t))
		return NULL;
	put(&t, "{\"namespaces\":");
	put_namespaces(&t, objects, n);
	put(&t, ",\"pods\":[");
	for (size_t i = 0; i < n; i++) {
		if (objects[i]->kind != MANIFEST_POD)
			continue;
		put(&t, comma);
		put_pod(&t, &objects[i]->pod);
		comma = ",";
	}
	put(&t, "]}");
	return text_close(&t);
}
