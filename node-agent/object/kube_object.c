/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/object/kube_object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/names.h"
#include "node-agent/object/containers.h"
#include "node-agent/parse/json_pick.h"
#include "node-agent/parse/k8s_name.h"

static void object_cleanup(struct manifest_object **o)
{
	manifest_object_unref(*o);
}

/* What is looked at. The value of an annotation may have a NUL in it, but nothing else of that. */
static const struct json_pick metadata_picks[] = {
	{ "name", NULL },
	{ "namespace", NULL },
	{ "uid", NULL },
	{ "resourceVersion", NULL },
	{ "annotations", NULL },
	{ "labels", NULL },
	{ 0 },
};
static const struct json_pick object_picks[] = {
	{ "metadata", metadata_picks },
	{ "spec", containers_spec },
	{ "status", containers_status },
	{ "code", NULL }, /* this and the next: of a Status */
	{ "message", NULL },
	{ 0 },
};
static const struct json_pick event_picks[] = { { "type", NULL },
						{ "object", object_picks },
						{ 0 } };

static bool is_kept(const char *key)
{
	return strncmp(key, NAMES_PREFIX, strlen(NAMES_PREFIX)) == 0 ||
	       strcmp(key, NAMES_CONFIG_HASH) == 0 || annotations_sidecar(key);
}

static int read_annotations(const json_t *metadata, json_t **ret, struct err *err)
{
	json_t *map = NULL, *kept = NULL, *value;
	const char *key;

	*ret = manifest_no_annotations();
	if (smc_json_get_object(metadata, "metadata", "annotations", &map, err) < 0)
		return -EINVAL;
	json_object_foreach(map, key, value) {
		if (!is_kept(key))
			continue;
		if (!json_is_string(value))
			return err_set(err, -EINVAL, "annotation '%.128s' is no string", key);
		if (smc_json_replace_nul(value, err) < 0)
			return -ENOMEM;
		if (!kept) {
			json_decref(*ret);
			*ret = kept = json_object();
		}
		if (json_object_set(kept, key, value) < 0)
			return err_sys(err, ENOMEM, "read annotations");
	}
	return kept ? annotations_bound(kept, err) : 0;
}

static int read_name(const json_t *metadata, const char *key, bool (*valid)(const char *),
		     char **ret, struct err *err)
{
	const char *name;
	int r = smc_json_need_string(metadata, "metadata", key, &name, err);

	if (r < 0)
		return r;
	if (!valid(name) || smc_json_has_nul(json_object_get(metadata, key)))
		return err_set(err, -EINVAL, "metadata: '%s' is '%.64s', which is no name", key,
			       name);
	*ret = strdup(name);
	return *ret ? 0 : err_sys(err, ENOMEM, "read metadata");
}

static int read_pod(const json_t *metadata, struct object_pod *pod, struct err *err)
{
	const char *uid = "";
	int r = read_name(metadata, "name", k8s_name_subdomain, &pod->name, err);

	if (r == 0)
		r = read_name(metadata, "namespace", k8s_name_label, &pod->namespace, err);
	if (r == 0)
		r = smc_json_get_string(metadata, "metadata", "uid", &uid, err);
	if (r < 0)
		return r;
	pod->uid = strdup(uid);
	return pod->uid ? 0 : err_sys(err, ENOMEM, "read metadata");
}

/* Labels of others may be anything. */
static int read_labels(const json_t *metadata, struct object_namespace *ns, struct err *err)
{
	const json_t *labels = json_object_get(metadata, "labels");

	for (size_t i = 0; i < manifest_n_labels; i++) {
		const json_t *value = json_object_get(labels, manifest_labels[i]);

		if (!value)
			continue;
		if (!json_is_string(value))
			return err_set(err, -EINVAL, "label '%s' is no string", manifest_labels[i]);
		if (manifest_add_label(&ns->annotations, manifest_labels[i],
				       smc_json_has_nul(value) ? "" : json_string_value(value)) < 0)
			return err_sys(err, ENOMEM, "read labels");
	}
	return 0;
}

static int read_object(const json_t *obj, enum manifest_kind kind, struct manifest_object **ret,
		       struct err *err)
{
	auto_with(object_cleanup) struct manifest_object *o = calloc(1, sizeof(*o));
	json_t *metadata = NULL;
	int r;

	if (!o)
		return err_sys(err, ENOMEM, "read an object");
	o->refs = 1;
	o->kind = kind;
	r = smc_json_get_object(obj, "object", "metadata", &metadata, err);
	if (r == 0)
		return err_set(err, -EINVAL, "object: 'metadata' is missing");
	if (r < 0)
		return r;
	/* hostNetwork is in spec, and not asked for: such a pod never gets a CNI ADD, and its
	 * network namespace, the host's, is refused wherever one comes in (netns_check_foreign). */
	r = kind == MANIFEST_POD ?
		    read_pod(metadata, &o->pod, err) :
		    read_name(metadata, "name", k8s_name_label, &o->namespace.name, err);
	if (r == 0)
		r = read_annotations(metadata,
				     kind == MANIFEST_POD ? &o->pod.annotations :
							    &o->namespace.annotations,
				     err);
	if (r == 0 && kind == MANIFEST_NAMESPACE)
		r = read_labels(metadata, &o->namespace, err);
	else if (r == 0 && containers_of_json(obj, o->pod.annotations, &o->pod.containers) < 0)
		r = err_sys(err, ENOMEM, "read an object");
	if (r < 0)
		return r;
	*ret = TAKE_PTR(o);
	return 0;
}

int kube_object_parse(const char *text, size_t len, enum manifest_kind kind,
		      struct manifest_object **ret, struct err *err)
{
	json_auto_t *obj = NULL;
	int r = json_pick(text, len, object_picks, &obj, err);

	return r < 0 ? r : read_object(obj, kind, ret, err);
}

static int copy_version(const json_t *metadata, const char *where, char ret[KUBE_VERSION_MAX],
			struct err *err)
{
	const char *version;
	int r = smc_json_need_string(metadata, where, "resourceVersion", &version, err);

	if (r < 0)
		return r;
	if (strlen(version) >= KUBE_VERSION_MAX)
		return err_set(err, -EINVAL, "%s: 'resourceVersion' is longer than %d bytes", where,
			       KUBE_VERSION_MAX - 1);
	strcpy(ret, version);
	return 0;
}

int kube_list_meta(const json_t *list, char version[KUBE_VERSION_MAX], char **cont, struct err *err)
{
	json_t *metadata = NULL;
	const char *text = NULL;
	int r = smc_json_get_object(list, "list", "metadata", &metadata, err);

	*cont = NULL;
	if (r == 0)
		return err_set(err, -EINVAL, "list: 'metadata' is missing");
	if (r > 0)
		r = copy_version(metadata, "list", version, err);
	if (r == 0)
		r = smc_json_get_string(metadata, "list", "continue", &text, err);
	if (r < 0)
		return r;
	if (!text || !text[0])
		return 0;
	*cont = strdup(text);
	return *cont ? 0 : err_sys(err, ENOMEM, "read a list");
}

static int read_type(const json_t *obj, enum kube_event_type *ret, struct err *err)
{
	static const char *const texts[] = { "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR" };
	const char *type;
	int r = smc_json_need_string(obj, "event", "type", &type, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!strcmp(type, texts[i])) {
			*ret = (enum kube_event_type)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL, "event: 'type' is '%.64s'", type);
}

/* The object is a Status. */
static int read_error(const json_t *obj, struct kube_event *e, struct err *err)
{
	const char *message = "it does not say what";
	int64_t code = 0;

	if (smc_json_get_int(obj, "event", "code", 0, 999, &code, err) < 0 ||
	    smc_json_get_string(obj, "event", "message", &message, err) < 0)
		return -EINVAL;
	e->code = (int)code;
	(void)snprintf(e->message, sizeof(e->message), "%s", message);
	return 0;
}

int kube_event_parse(const char *text, size_t len, enum manifest_kind kind, struct kube_event *ret,
		     struct err *err)
{
	struct kube_event e = { 0 };
	json_auto_t *obj = NULL;
	json_t *object = NULL, *metadata = NULL;
	int r = json_pick(text, len, event_picks, &obj, err);

	if (r == 0)
		r = read_type(obj, &e.type, err);
	if (r == 0 && smc_json_get_object(obj, "event", "object", &object, err) != 1)
		return err_set(err, -EINVAL, "event: 'object' is missing or no object");
	if (r < 0)
		return r;
	if (e.type == KUBE_ERROR) {
		r = read_error(object, &e, err);
	} else {
		if (smc_json_get_object(object, "object", "metadata", &metadata, err) != 1)
			return err_set(err, -EINVAL, "object: 'metadata' is missing or no object");
		r = copy_version(metadata, "object", e.version, err);
		if (r == 0 && e.type != KUBE_BOOKMARK)
			r = read_object(object, kind, &e.object, err);
	}
	if (r < 0)
		return r;
	*ret = e;
	return 0;
}

void kube_event_clear(struct kube_event *e)
{
	manifest_object_unref(e->object);
	*e = (struct kube_event){ 0 };
}
