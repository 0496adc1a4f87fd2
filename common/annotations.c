/* SPDX-License-Identifier: Apache-2.0 */
#include "common/annotations.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

const char *annotations_sidecar(const char *key)
{
	static const char *const keys[] = {
		"sidecar.istio.io/status",
		"linkerd.io/proxy-version",
		"kuma.io/sidecar-injected",
		"consul.hashicorp.com/connect-inject-status",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(key, keys[i]))
			return keys[i];
	}
	return NULL;
}

struct bound {
	size_t bytes, keys; /* that are kept so far */
};

/* What is not an annotation, and kept among them. */
static bool is_other(const char *key, const json_t *value)
{
	return (!strcmp(key, ANNOTATIONS_STEER_LABEL) || !strcmp(key, ANNOTATIONS_PAUSE_LABEL) ||
		!strcmp(key, ANNOTATIONS_SIDECAR)) &&
	       json_is_string(value) && json_string_length(value) <= ANNOTATIONS_LABEL_MAX;
}

static int keep(struct bound *b, const char *key, json_t *value, struct err *err)
{
	size_t size = strlen(key) + json_string_length(value);
	char text[80];

	b->keys++;
	if (b->bytes + size <= ANNOTATIONS_BYTES_MAX) {
		b->bytes += size;
		return 0;
	}
	(void)snprintf(text, sizeof(text), "(%zu bytes, of all together at most %d are read)",
		       json_string_length(value), ANNOTATIONS_BYTES_MAX);
	if (json_is_string(value) && json_string_set(value, text) < 0)
		return err_sys(err, ENOMEM, "read annotations");
	return 0; /* who reads what is no string refuses it */
}

int annotations_bound(json_t *annotations, struct err *err)
{
	static const char steer[] = NAMES_PREFIX "steer";
	json_t *value = json_object_get(annotations, steer);
	struct bound b = { .keys = value ? 0 : 1 }; /* there is always room for it */
	const char *key, *sidecar = NULL;
	void *next;
	int r = value ? keep(&b, steer, value, err) : 0;

	json_object_foreach_safe(annotations, next, key, value) {
		if (r < 0)
			return r;
		if (!strcmp(key, steer) || is_other(key, value))
			continue;
		if (annotations_sidecar(key))
			sidecar = annotations_sidecar(key);
		else if (b.keys < ANNOTATIONS_KEYS_MAX) {
			r = keep(&b, key, value, err);
			continue;
		}
		(void)json_object_del(annotations, key);
	}
	if (r == 0 && sidecar &&
	    json_object_set_new(annotations, ANNOTATIONS_SIDECAR, json_string(sidecar)) < 0)
		return err_sys(err, ENOMEM, "read annotations");
	return r;
}
