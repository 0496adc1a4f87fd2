/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/object/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "node-agent/object/containers.h"
#include "node-agent/parse/k8s_name.h"
#include "node-agent/parse/ytree.h"

struct reading {
	const char *file;
	manifest_bad_fn *bad;
	void *arg;
	struct manifest *manifest;
};

static void object_cleanup(struct manifest_object **o)
{
	manifest_object_unref(*o);
}
#define auto_object __attribute__((cleanup(object_cleanup)))

/* "FILE:LINE: key 'KEY' of the KIND: got ..., allowed: ..." */
static int refuse(const struct reading *r, const char *kind, const char *key,
		  const struct ytree_node *value, const char *allowed, struct err *err)
{
	bool scalar = value->type != YTREE_SEQ && value->type != YTREE_MAP;
	const char *quote = scalar ? "'" : "";

	return err_set(err, -EINVAL, "%s:%d: key '%.128s' of the %s: got %s%.64s%s, allowed: %s",
		       r->file, value->line, key, kind, quote,
		       scalar ? value->text : ytree_type_text(value->type), quote, allowed);
}

struct name_kind { /* of a string in metadata */
	bool (*valid)(const char *); /* NULL: any string */
	const char *allowed;
};

static const struct name_kind label = { k8s_name_label,
					"lower-case letters, digits and '-' (a string)" };
static const struct name_kind subdomain = { k8s_name_subdomain,
					    "lower-case letters, digits, '-' and '.' (a string)" };
static const struct name_kind any = { NULL, "a string" };

/* metadata.KEY, copied to *ret. Absent: *ret = copy of `absent`, or an error when that is NULL. */
static int read_string(const struct reading *r, const char *kind, const struct ytree_node *metadata,
		       const char *key, const struct name_kind *name, const char *absent,
		       char **ret, struct err *err)
{
	const struct ytree_node *value = ytree_get(metadata, key);
	char path[32];

	(void)snprintf(path, sizeof(path), "metadata.%s", key);
	if (!value && !absent)
		return err_set(err, -EINVAL, "%s:%d: key '%s' of the %s is missing", r->file,
			       metadata->line, path, kind);
	if (value && (value->type != YTREE_STRING || (name->valid && !name->valid(value->text))))
		return refuse(r, kind, path, value, name->allowed, err);
	*ret = strdup(value ? value->text : absent);
	return *ret ? 0 : err_sys(err, ENOMEM, "read '%s'", r->file);
}

/* Annotations are strings to the API server: it refuses what YAML takes for something else. */
static int read_annotation(const struct reading *r, const char *kind, const struct ytree_node *key,
			   const struct ytree_node *value, json_t *annotations, struct err *err)
{
	const char *text = value->text;

	switch (value->type) {
	case YTREE_NULL:
		text = ""; /* as the API server has it */
		break;
	case YTREE_STRING:
		break;
	case YTREE_SEQ:
	case YTREE_MAP:
		return err_set(err, -EINVAL,
			       "%s:%d: annotation '%.128s' of the %s: got %s, allowed: a string",
			       r->file, value->line, key->text, kind, ytree_type_text(value->type));
	default:
		return err_set(err, -EINVAL,
			       "%s:%d: annotation '%.128s' of the %s: got %s, allowed: a string; "
			       "quote it: \"%.64s\"",
			       r->file, value->line, key->text, kind, ytree_type_text(value->type),
			       text);
	}
	if (json_object_set_new(annotations, key->text, json_string(text)) < 0)
		return err_sys(err, ENOMEM, "read '%s'", r->file);
	return 0;
}

static int read_annotations(const struct reading *r, const char *kind,
			    const struct ytree_node *metadata, json_t **ret, struct err *err)
{
	const struct ytree_node *map = ytree_get(metadata, "annotations");

	*ret = json_object();
	if (!*ret)
		return err_sys(err, ENOMEM, "read '%s'", r->file);
	if (!map)
		return 0;
	if (map->type != YTREE_MAP)
		return refuse(r, kind, "metadata.annotations", map, "a map of strings", err);
	for (size_t i = 0; i < map->n; i++) {
		int rc = read_annotation(r, kind, map->items[2 * i], map->items[2 * i + 1], *ret,
					 err);

		if (rc < 0)
			return rc;
	}
	return annotations_bound(*ret, err);
}

static int read_host_network(const struct reading *r, const struct ytree_node *doc, bool *ret,
			     struct err *err)
{
	const struct ytree_node *spec = ytree_get(doc, "spec");
	const struct ytree_node *value = spec ? ytree_get(spec, "hostNetwork") : NULL;

	if (spec && spec->type != YTREE_MAP)
		return refuse(r, "Pod", "spec", spec, "a map", err);
	if (value && value->type != YTREE_BOOL)
		return refuse(r, "Pod", "spec.hostNetwork", value, "true, false (not quoted)", err);
	*ret = value && (value->text[0] == 't' || value->text[0] == 'T');
	return 0;
}

static int read_pod(const struct reading *r, const struct ytree_node *doc,
		    const struct ytree_node *metadata, struct object_pod *pod, struct err *err)
{
	int rc;

	rc = read_string(r, "Pod", metadata, "name", &subdomain, NULL, &pod->name, err);
	if (rc == 0)
		rc = read_string(r, "Pod", metadata, "namespace", &label, "default",
				 &pod->namespace, err);
	if (rc == 0)
		rc = read_string(r, "Pod", metadata, "uid", &any, "", &pod->uid, err);
	if (rc == 0)
		rc = read_host_network(r, doc, &pod->host_network, err);
	if (rc == 0)
		rc = read_annotations(r, "Pod", metadata, &pod->annotations, err);
	if (rc == 0 && containers_of_manifest(doc, pod->annotations, &pod->containers) < 0)
		rc = err_sys(err, ENOMEM, "read '%s'", r->file);
	return rc;
}

static int read_label(const struct reading *r, const struct ytree_node *map, const char *key,
		      struct object_namespace *ns, struct err *err)
{
	const struct ytree_node *value = ytree_get(map, key);

	if (!value)
		return 0;
	if (value->type != YTREE_STRING)
		return err_set(err, -EINVAL,
			       "%s:%d: label '%s' of the Namespace: got %s, allowed: a string",
			       r->file, value->line, key, ytree_type_text(value->type));
	if (manifest_add_label(&ns->annotations, key, value->text) < 0)
		return err_sys(err, ENOMEM, "read '%s'", r->file);
	return 0;
}

static int read_labels(const struct reading *r, const struct ytree_node *metadata,
		       struct object_namespace *ns, struct err *err)
{
	const struct ytree_node *map = ytree_get(metadata, "labels");
	int rc = 0;

	if (map && map->type != YTREE_MAP)
		return refuse(r, "Namespace", "metadata.labels", map, "a map of strings", err);
	for (size_t i = 0; map && rc == 0 && i < manifest_n_labels; i++)
		rc = read_label(r, map, manifest_labels[i], ns, err);
	return rc;
}

static int read_namespace(const struct reading *r, const struct ytree_node *metadata,
			  struct object_namespace *ns, struct err *err)
{
	int rc;

	rc = read_string(r, "Namespace", metadata, "name", &label, NULL, &ns->name, err);
	if (rc == 0)
		rc = read_annotations(r, "Namespace", metadata, &ns->annotations, err);
	if (rc == 0)
		rc = read_labels(r, metadata, ns, err);
	return rc;
}

static int add(const struct reading *r, struct manifest_object *o, struct err *err)
{
	struct manifest *m = r->manifest;
	struct manifest_object **grown;

	if (m->n_objects == MANIFEST_OBJECTS_MAX)
		return err_set(err, -E2BIG, "%s:%d: more than %d Pods and Namespaces in one file",
			       r->file, o->line, MANIFEST_OBJECTS_MAX);
	for (size_t i = 0; i < m->n_objects; i++) {
		if (manifest_object_compare(m->objects[i], o) == 0)
			return err_set(err, -EINVAL,
				       "%s:%d: %s '%s%s%s' is there already, in line %d", r->file,
				       o->line, o->kind == MANIFEST_POD ? "Pod" : "Namespace",
				       manifest_object_namespace(o),
				       o->kind == MANIFEST_POD ? "/" : "", manifest_object_name(o),
				       m->objects[i]->line);
	}
	grown = reallocarray(m->objects, m->n_objects + 1, sizeof(struct manifest_object *));
	if (!grown)
		return err_sys(err, ENOMEM, "read '%s'", r->file);
	m->objects = grown;
	m->objects[m->n_objects++] = manifest_object_ref(o);
	return 0;
}

static int read_object(const struct reading *r, const struct ytree_node *doc,
		       enum manifest_kind kind, struct err *err)
{
	const char *kind_text = kind == MANIFEST_POD ? "Pod" : "Namespace";
	const struct ytree_node *metadata = ytree_get(doc, "metadata");
	auto_object struct manifest_object *o = calloc(1, sizeof(*o));
	int rc;

	if (!o)
		return err_sys(err, ENOMEM, "read '%s'", r->file);
	o->refs = 1;
	o->kind = kind;
	o->line = doc->line;
	if (!metadata)
		return err_set(err, -EINVAL, "%s:%d: key 'metadata' of the %s is missing", r->file,
			       doc->line, kind_text);
	if (metadata->type != YTREE_MAP)
		return refuse(r, kind_text, "metadata", metadata, "a map", err);
	rc = kind == MANIFEST_POD ? read_pod(r, doc, metadata, &o->pod, err) :
				    read_namespace(r, metadata, &o->namespace, err);
	return rc < 0 ? rc : add(r, o, err);
}

static int read_list(const struct reading *r, const struct ytree_node *doc, struct err *err);

static int read_document(const struct reading *r, const struct ytree_node *doc, bool in_list,
			 struct err *err)
{
	const struct ytree_node *kind = ytree_get(doc, "kind");
	const struct ytree_node *version = ytree_get(doc, "apiVersion");

	if (doc->type != YTREE_MAP)
		return err_set(err, -EINVAL, "%s:%d: got %s, allowed: an object with 'kind'",
			       r->file, doc->line, ytree_type_text(doc->type));
	if (!kind)
		return err_set(err, -EINVAL, "%s:%d: key 'kind' is missing", r->file, doc->line);
	if (version && strcmp(version->text, "v1") != 0)
		return 0;
	if (strcmp(kind->text, "Pod") == 0)
		return read_object(r, doc, MANIFEST_POD, err);
	if (strcmp(kind->text, "Namespace") == 0)
		return read_object(r, doc, MANIFEST_NAMESPACE, err);
	if (strcmp(kind->text, "List") == 0 && !in_list)
		return read_list(r, doc, err);
	return 0;
}

/* Reads one document or item; -ENOMEM only, what is bad is told. */
static int try_document(const struct reading *r, const struct ytree_node *doc, bool in_list,
			struct err *err)
{
	struct err bad = ERR_INIT;
	int rc;

	rc = read_document(r, doc, in_list, &bad);
	if (rc == -ENOMEM)
		return err_set(err, rc, "%s", bad.msg);
	if (rc < 0) {
		r->manifest->n_bad++;
		r->bad(r->arg, &bad);
	}
	return 0;
}

static int read_list(const struct reading *r, const struct ytree_node *doc, struct err *err)
{
	const struct ytree_node *items = ytree_get(doc, "items");

	if (!items)
		return 0;
	if (items->type != YTREE_SEQ)
		return refuse(r, "List", "items", items, "a list", err);
	for (size_t i = 0; i < items->n; i++) {
		int rc = try_document(r, items->items[i], true, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int manifest_parse(const char *text, size_t len, const char *name, manifest_bad_fn *bad, void *arg,
		   struct manifest *ret, struct err *err)
{
	struct manifest m = { 0 };
	const struct reading r = { .file = name, .bad = bad, .arg = arg, .manifest = &m };
	auto_ytree struct ytree *tree = NULL;
	struct err syntax = ERR_INIT;
	int rc;

	rc = ytree_parse(text, len, name, &tree, &syntax);
	if (rc == -ENOMEM)
		return err_set(err, rc, "%s", syntax.msg);
	if (rc < 0) {
		m.n_bad = 1;
		bad(arg, &syntax);
	}
	rc = 0;
	for (size_t i = 0; tree && rc == 0 && i < tree->n_docs; i++)
		rc = try_document(&r, tree->docs[i], false, err);
	if (rc < 0) {
		manifest_clear(&m);
		return rc;
	}
	*ret = m;
	return 0;
}

void manifest_clear(struct manifest *m)
{
	for (size_t i = 0; i < m->n_objects; i++)
		manifest_object_unref(m->objects[i]);
	free(m->objects);
	*m = (struct manifest){ 0 };
}
