/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/object/kube_object.h"
#include "node-agent/parse/json_cut.h"
#include "node-agent/parse/k8s_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	enum json_cut_mode mode;
	size_t n;
	uint64_t hash; /* of all objects: the same however the stream was cut */
	int rc;
};

static void check_object(const struct manifest_object *o)
{
	if (!k8s_name_subdomain(manifest_object_name(o)))
		abort();
}

static bool on_object(void *arg, const char *text, size_t len)
{
	struct seen *seen = arg;
	struct manifest_object *o = NULL;
	struct kube_event e;
	struct err err = ERR_INIT;
	int r;

	if (text[len])
		abort();
	seen->n++;
	for (size_t i = 0; i < len; i++)
		seen->hash = (seen->hash ^ (uint8_t)text[i]) * 1099511628211u;
	if (seen->mode == JSON_CUT_ITEMS) {
		r = kube_object_parse(text, len, MANIFEST_POD, &o, &err);
		if (r == 0)
			check_object(o);
		manifest_object_unref(o);
	} else {
		r = kube_event_parse(text, len, MANIFEST_NAMESPACE, &e, &err);
		if (r == 0 && e.object)
			check_object(e.object);
		if (r == 0)
			kube_event_clear(&e);
	}
	if (r < 0 && !err.msg[0])
		abort();
	return true;
}

static void run(struct seen *seen, const char *text, size_t len, size_t piece)
{
	struct json_cut c = { .mode = seen->mode, .max = 4096 };
	char version[KUBE_VERSION_MAX], *cont = NULL;
	struct err err = ERR_INIT;
	json_t *list = NULL;

	for (size_t at = 0; at < len && seen->rc == 0; at += piece)
		seen->rc = json_cut_feed(&c, text + at, len - at < piece ? len - at : piece,
					 on_object, seen, &err);
	if (seen->rc == 0)
		seen->rc = json_cut_end(&c, &list, &err);
	if (seen->rc < 0 && !err.msg[0])
		abort();
	if (list && kube_list_meta(list, version, &cont, &err) == 0)
		free(cont);
	json_decref(list);
	json_cut_clear(&c);
}

/* The answer to a list or a watch, cut into pieces: whatever it is, the pieces make no
 * difference. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum json_cut_mode modes[] = { JSON_CUT_LINES, JSON_CUT_ITEMS };

	if (size < 1)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		struct seen whole = { .mode = modes[i] }, parts = { .mode = modes[i] };

		run(&whole, (const char *)data + 1, size - 1, size);
		run(&parts, (const char *)data + 1, size - 1, (size_t)(data[0] % 16) + 1);
		if (whole.n != parts.n || whole.hash != parts.hash || whole.rc != parts.rc)
			abort();
	}
	return 0;
}
