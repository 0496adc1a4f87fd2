/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/source/seed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "node-agent/parse/k8s_name.h"

static void cleanup_object(struct manifest_object **o)
{
	manifest_object_unref(*o);
}

static int add(struct seed *s, struct manifest_object *o)
{
	struct manifest_object **grown =
		reallocarray(s->objects, s->n + 1, sizeof(struct manifest_object *));

	if (!grown)
		return -ENOMEM;
	s->objects = grown;
	s->objects[s->n++] = manifest_object_ref(o);
	return 0;
}

static int copy_annotations(const json_t *saved, json_t **ret)
{
	const char *key;
	json_t *value;

	if (!json_is_object(saved))
		return -EINVAL;
	json_object_foreach((json_t *)(uintptr_t)saved, key, value) {
		if (!json_is_string(value))
			return -EINVAL;
	}
	*ret = json_object_size(saved) ? json_deep_copy(saved) : manifest_no_annotations();
	return *ret ? annotations_bound(*ret, NULL) : -ENOMEM;
}

static int add_namespace(struct seed *s, const char *name, const json_t *annotations)
{
	auto_with(cleanup_object) struct manifest_object *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->refs = 1;
	o->kind = MANIFEST_NAMESPACE;
	o->namespace.name = strdup(name);
	r = k8s_name_label(name) ? copy_annotations(annotations, &o->namespace.annotations) :
				   -EINVAL;
	if (r < 0)
		return r;
	return o->namespace.name ? add(s, o) : -ENOMEM;
}

static int add_pod(struct seed *s, const json_t *saved)
{
	auto_with(cleanup_object) struct manifest_object *o = calloc(1, sizeof(*o));
	const char *namespace, *name, *uid = "", *containers = NULL;
	int r;

	if (!o)
		return -ENOMEM;
	o->refs = 1;
	o->kind = MANIFEST_POD;
	if (smc_json_need_string(saved, "pod", "namespace", &namespace, NULL) < 0 ||
	    smc_json_need_string(saved, "pod", "name", &name, NULL) < 0 ||
	    smc_json_get_string(saved, "pod", "uid", &uid, NULL) < 0 ||
	    smc_json_get_string(saved, "pod", "containers", &containers, NULL) < 0 ||
	    smc_json_get_bool(saved, "pod", "hostNetwork", &o->pod.host_network, NULL) < 0 ||
	    !k8s_name_label(namespace) || !k8s_name_subdomain(name))
		return -EINVAL;
	o->pod.namespace = strdup(namespace);
	o->pod.name = strdup(name);
	o->pod.uid = strdup(uid);
	r = copy_annotations(json_object_get(saved, "annotations"), &o->pod.annotations);
	if (r < 0)
		return r;
	if (containers) {
		o->pod.containers = text_new(containers);
		if (!o->pod.containers)
			return -ENOMEM;
	}
	return o->pod.namespace && o->pod.name && o->pod.uid ? add(s, o) : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	return manifest_object_compare(*(struct manifest_object *const *)a,
				       *(struct manifest_object *const *)b);
}

/* Takes *s over, if all is well. */
static int finish(struct seed *s, int r, const char *what, struct seed *ret, struct err *err)
{
	if (r < 0) {
		seed_clear(s);
		return err_set(err, r, "'%.64s' of an earlier run cannot be taken over", what);
	}
	if (s->n > 1)
		qsort(s->objects, s->n, sizeof(struct manifest_object *), compare);
	*ret = *s;
	return 0;
}

static int add_namespaces(struct seed *s, const json_t *saved, const char **what)
{
	const char *name;
	json_t *value;
	int r = 0;

	json_object_foreach((json_t *)(uintptr_t)saved, name, value) {
		*what = name;
		r = add_namespace(s, name, value);
		if (r < 0)
			break;
	}
	return r;
}

int seed_namespaces(const json_t *saved, struct seed *ret, struct err *err)
{
	struct seed s = { .n = 0 };
	const char *what = "";
	int r = add_namespaces(&s, saved, &what);

	return finish(&s, r, what, ret, err);
}

int seed_manifests(const json_t *saved, struct seed *ret, struct err *err)
{
	struct seed s = { .n = 0 };
	const char *what = "namespaces";
	json_t *pods = json_object_get(saved, "pods"), *pod;
	size_t i;
	int r = json_is_object(json_object_get(saved, "namespaces")) && json_is_array(pods) ?
			add_namespaces(&s, json_object_get(saved, "namespaces"), &what) :
			-EINVAL;

	json_array_foreach(pods, i, pod) {
		if (r < 0)
			break;
		what = "pods";
		r = add_pod(&s, pod);
	}
	return finish(&s, r, what, ret, err);
}

void seed_clear(struct seed *s)
{
	for (size_t i = 0; i < s->n; i++)
		manifest_object_unref(s->objects[i]);
	free(s->objects);
	*s = (struct seed){ .n = 0 };
}
