/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and Namespaces in a manifest file, as people write them for kubectl. Pure.
 *
 * Several documents a file, `kind: List`, JSON (it is YAML, but for \u escapes of surrogate
 * pairs). Other kinds are passed over; in Pods and Namespaces only what the agent needs is looked
 * at. Missing namespace: "default".
 */
#ifndef SMC_AGENT_MANIFEST_H
#define SMC_AGENT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "node-agent/object/object.h"

#define MANIFEST_OBJECTS_MAX 4096 /* Pods and Namespaces of one file */

enum manifest_kind {
	MANIFEST_NAMESPACE,
	MANIFEST_POD,
};

/* Shared by the file that brought it and the store: counted references, one thread. */
struct manifest_object {
	int refs;
	enum manifest_kind kind;
	int line; /* of its document */
	bool refused; /* the store has one of this name from another file, and said so */
	union {
		struct object_pod pod;
		struct object_namespace namespace;
	};
};

struct manifest_object *manifest_object_ref(struct manifest_object *o);
void manifest_object_unref(struct manifest_object *o); /* NULL is fine */

/* Those of an object that has none: always the same object, which nobody may change. */
json_t *manifest_no_annotations(void);

/* The labels of a namespace that count. */
extern const char *const manifest_labels[];
extern const size_t manifest_n_labels;
/* Puts one of them among the namespace's annotations, which may be those of
 * manifest_no_annotations(). -ENOMEM */
int manifest_add_label(json_t **annotations, const char *label, const char *value);

const char *manifest_object_name(const struct manifest_object *o);
const char *manifest_object_namespace(const struct manifest_object *o); /* "" of a Namespace */
/* By kind, namespace, name: 0 when both name the same object. */
int manifest_object_compare(const struct manifest_object *a, const struct manifest_object *b);
/* Same content (line and refs aside). */
bool manifest_object_equal(const struct manifest_object *a, const struct manifest_object *b);

struct manifest {
	size_t n_objects;
	struct manifest_object **objects; /* one reference each */
	size_t n_bad; /* documents (or items of a List) that were refused */
};

/* Told of each bad document, "FILE:LINE: ...", in the order of the file. */
typedef void manifest_bad_fn(void *arg, const struct err *err);

/* Reads what can be read; text that is not YAML counts as one bad document, and brings nothing.
 * `name` stands for the file. 0 or -ENOMEM. */
int manifest_parse(const char *text, size_t len, const char *name, manifest_bad_fn *bad, void *arg,
		   struct manifest *ret, struct err *err);
void manifest_clear(struct manifest *m);

#endif
