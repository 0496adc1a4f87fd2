/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/object/containers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "node-agent/parse/k8s_name.h"

static const struct json_pick container[] = { { "name", NULL }, { "containerID", NULL }, { 0 } };

const struct json_pick containers_spec[] = {
	{ "containers", container },
	{ "initContainers", container },
	{ "ephemeralContainers", container },
	{ 0 },
};

const struct json_pick containers_status[] = {
	{ "containerStatuses", container },
	{ "initContainerStatuses", container },
	{ "ephemeralContainerStatuses", container },
	{ 0 },
};

struct collected {
	size_t n;
	struct one {
		const char *name, *id; /* borrowed; id "": none */
	} all[CONTAINERS_MAX];
};

static bool asks(const json_t *annotations)
{
	return json_object_get(annotations, NAMES_PREFIX "containers") != NULL;
}

bool containers_id_valid(const char *id)
{
	size_t len = strlen(id);

	return len >= CONTAINERS_ID_MIN && len <= CONTAINERS_ID_MAX &&
	       strspn(id, "0123456789abcdef") == len;
}

/* What is behind "containerd://"; "" if that is no id. */
static const char *id_of(const char *text)
{
	const char *id = text ? strstr(text, "://") : NULL;

	return id && containers_id_valid(id + strlen("://")) ? id + strlen("://") : "";
}

/* name, id: NULL where the object has no such string. */
static void collect(struct collected *c, const char *name, const char *id)
{
	if (!name || !k8s_name_label(name))
		return;
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->all[i].name, name) != 0)
			continue;
		if (*id_of(id))
			c->all[i].id = id_of(id);
		return;
	}
	if (c->n < CONTAINERS_MAX)
		c->all[c->n++] = (struct one){ .name = name, .id = id_of(id) };
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct one *)a)->name, ((const struct one *)b)->name);
}

static int finish(struct collected *c, struct text **ret)
{
	auto_free char *buf = NULL;
	size_t len;
	FILE *out;
	bool bad;

	if (c->n == 0)
		return 0;
	qsort(c->all, c->n, sizeof(c->all[0]), compare);
	out = open_memstream(&buf, &len);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < c->n; i++)
		(void)fprintf(out, "%s%s=%s", i ? "," : "", c->all[i].name, c->all[i].id);
	bad = ferror(out);
	bad |= fclose(out) != 0;
	*ret = bad ? NULL : text_new(buf);
	return *ret ? 0 : -ENOMEM;
}

/* ---- JSON ---- */

/* `lists` names members of `holder`. What is no such list has nothing in it. */
static void collect_json(struct collected *c, const json_t *holder, const struct json_pick *lists)
{
	for (; lists->key; lists++) {
		json_t *list = json_object_get(holder, lists->key), *item;
		size_t i;

		json_array_foreach(list, i, item)
			collect(c, json_string_value(json_object_get(item, "name")),
				json_string_value(json_object_get(item, "containerID")));
	}
}

int containers_of_json(const json_t *obj, const json_t *annotations, struct text **ret)
{
	struct collected c = { .n = 0 };

	*ret = NULL;
	if (!asks(annotations))
		return 0;
	collect_json(&c, json_object_get(obj, "spec"), containers_spec);
	collect_json(&c, json_object_get(obj, "status"), containers_status);
	return finish(&c, ret);
}

/* ---- a manifest ---- */

static const char *string_of(const struct ytree_node *map, const char *key)
{
	const struct ytree_node *value = ytree_get(map, key);

	return value && value->type == YTREE_STRING ? value->text : NULL;
}

static void collect_manifest(struct collected *c, const struct ytree_node *holder,
			     const struct json_pick *lists)
{
	for (; lists->key; lists++) {
		const struct ytree_node *list = holder ? ytree_get(holder, lists->key) : NULL;

		for (size_t i = 0; list && list->type == YTREE_SEQ && i < list->n; i++)
			collect(c, string_of(list->items[i], "name"),
				string_of(list->items[i], "containerID"));
	}
}

int containers_of_manifest(const struct ytree_node *doc, const json_t *annotations,
			   struct text **ret)
{
	const struct ytree_node *status = ytree_get(doc, "status");
	struct collected c = { .n = 0 };

	*ret = NULL;
	if (!asks(annotations) || !status)
		return 0;
	collect_manifest(&c, ytree_get(doc, "spec"), containers_spec);
	collect_manifest(&c, status, containers_status);
	return finish(&c, ret);
}
