/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "node-agent/object/manifest.h"

struct manifest_object *manifest_object_ref(struct manifest_object *o)
{
	o->refs++;
	return o;
}

void manifest_object_unref(struct manifest_object *o)
{
	if (!o)
		return;
	assert(o->refs > 0);
	if (--o->refs > 0)
		return;
	if (o->kind == MANIFEST_POD) {
		free(o->pod.namespace);
		free(o->pod.name);
		free(o->pod.uid);
		json_decref(o->pod.annotations);
		text_unref(o->pod.containers);
	} else {
		free(o->namespace.name);
		json_decref(o->namespace.annotations);
	}
	free(o);
}

json_t *manifest_no_annotations(void)
{
	static json_t *none;

	if (!none)
		none = json_object();
	return json_incref(none);
}

const char *const manifest_labels[] = { NAMES_PREFIX "steer", NAMES_PREFIX "pause" };
const size_t manifest_n_labels = ARRAY_SIZE(manifest_labels);

int manifest_add_label(json_t **annotations, const char *label, const char *value)
{
	bool fits = strlen(value) <= ANNOTATIONS_LABEL_MAX;
	json_auto_t *text = json_string(fits ? value : "(longer than a label may be)");
	json_t *own = *annotations;
	char key[64];

	if (json_object_size(own) == 0) {
		own = json_object();
		if (!own)
			return -ENOMEM;
		json_decref(*annotations);
		*annotations = own;
	}
	(void)snprintf(key, sizeof(key), ANNOTATIONS_LABEL "%s", label);
	return json_object_set(own, key, text) < 0 ? -ENOMEM : 0;
}

const char *manifest_object_name(const struct manifest_object *o)
{
	return o->kind == MANIFEST_POD ? o->pod.name : o->namespace.name;
}

const char *manifest_object_namespace(const struct manifest_object *o)
{
	return o->kind == MANIFEST_POD ? o->pod.namespace : "";
}

int manifest_object_compare(const struct manifest_object *a, const struct manifest_object *b)
{
	int cmp;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	cmp = strcmp(manifest_object_namespace(a), manifest_object_namespace(b));
	return cmp ? cmp : strcmp(manifest_object_name(a), manifest_object_name(b));
}

bool manifest_object_equal(const struct manifest_object *a, const struct manifest_object *b)
{
	if (manifest_object_compare(a, b) != 0)
		return false;
	if (a->kind == MANIFEST_NAMESPACE)
		return json_equal(a->namespace.annotations, b->namespace.annotations);
	return strcmp(a->pod.uid, b->pod.uid) == 0 && a->pod.host_network == b->pod.host_network &&
	       text_same(a->pod.containers, b->pod.containers) &&
	       json_equal(a->pod.annotations, b->pod.annotations);
}
