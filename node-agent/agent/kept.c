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

char *kept_required(struct manifest_object *const *namespaces, size_t n)
{
	struct text t;

	if (!text_open(&t))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct object_namespace *ns = &namespaces[i]->namespace;

		if (!policy_namespace_required(ns->name, ns->annotations))
			continue;
		put(&t, ns->name);
		put(&t, "\n");
	}
	return text_close(&t);
}

/* Namespaces are written one at a time: ten thousand as one tree would be megabytes. A name has
 * [a-z0-9-] only. */
char *kept_namespaces(struct manifest_object *const *namespaces, size_t n)
{
	struct text t;

	if (!text_open(&t))
		return NULL;
	put(&t, "{");
	for (size_t i = 0; i < n; i++) {
		const struct object_namespace *ns = &namespaces[i]->namespace;
		auto_free char *annotations =
			json_dumps(ns->annotations, JSON_COMPACT | JSON_SORT_KEYS);

		put(&t, i ? ",\"" : "\"");
		put(&t, ns->name);
		put(&t, "\":");
		put(&t, annotations);
	}
	put(&t, "}");
	return text_close(&t);
}
