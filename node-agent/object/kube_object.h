/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent keeps of an object of the API server, and of an event of a watch. Pure. */
#ifndef SMC_AGENT_KUBE_OBJECT_H
#define SMC_AGENT_KUBE_OBJECT_H

#include "node-agent/object/manifest.h"

#define KUBE_VERSION_MAX 128 /* of a resourceVersion: opaque, a number today */

enum kube_event_type {
	KUBE_ADDED,
	KUBE_MODIFIED,
	KUBE_DELETED,
	KUBE_BOOKMARK,
	KUBE_ERROR,
};

struct kube_event {
	enum kube_event_type type;
	struct manifest_object *object; /* of the first three; one reference */
	char version[KUBE_VERSION_MAX]; /* to go on from; not of ERROR */
	int code; /* of ERROR: an HTTP status, 0 if it does not say */
	char message[256]; /* of ERROR */
};

/* Name, namespace, uid, of the annotations smc-cni.io/, what static pods need and whether there is
 * a sidecar (ANNOTATIONS_SIDECAR), and, where it is asked for, the containers (containers.h).
 * Everything else is passed over without being read. -EINVAL names what is wrong. */
int kube_object_parse(const char *text, size_t len, enum manifest_kind kind,
		      struct manifest_object **ret, struct err *err);
/* One line of a watch. */
int kube_event_parse(const char *text, size_t len, enum manifest_kind kind, struct kube_event *ret,
		     struct err *err);
void kube_event_clear(struct kube_event *e);
/* metadata.resourceVersion and metadata.continue of a list; *cont is NULL when it was the last
 * page, else the caller frees it. */
int kube_list_meta(const json_t *list, char version[KUBE_VERSION_MAX], char **cont,
		   struct err *err);

#endif
