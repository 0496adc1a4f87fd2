/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nearest.h"

#define LIST_MAX 256

int config_refuse(const struct config_at *at, const struct ytree_node *value, const char *allowed,
		  struct err *err)
{
	if (!*at->key)
		return err_set(err, -EINVAL, "%s:%d: got %s, allowed: %s", at->file, value->line,
			       ytree_type_text(value->type), allowed);
	if (value->type == YTREE_SEQ || value->type == YTREE_MAP)
		return err_set(err, -EINVAL, "%s:%d: key '%s': got %s, allowed: %s", at->file,
			       value->line, at->key, ytree_type_text(value->type), allowed);
	return err_set(err, -EINVAL, "%s:%d: key '%s': got '%.128s', allowed: %s", at->file,
		       value->line, at->key, value->text, allowed);
}

int config_missing(const struct config_at *at, const struct ytree_node *map, const char *key,
		   struct err *err)
{
	return err_set(err, -EINVAL, "%s:%d: key '%s.%s' is missing", at->file, map->line, at->key,
		       key);
}

int config_string(const struct config_at *at, const struct ytree_node *value, const char *allowed,
		  const char **ret, struct err *err)
{
	switch (value->type) {
	case YTREE_STRING:
		*ret = value->text;
		return 0;
	case YTREE_SEQ:
	case YTREE_MAP:
		return config_refuse(at, value, allowed, err);
	default:
		return err_set(
			err, -EINVAL,
			"%s:%d: key '%s': got %s, allowed: %s; quote it to make it a string: "
			"\"%.128s\"",
			at->file, value->line, at->key, ytree_type_text(value->type), allowed,
			value->text);
	}
}

static const struct config_field *find_field(const struct config_field *fields, size_t n_fields,
					     const char *key)
{
	for (size_t i = 0; i < n_fields; i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

static int unknown_key(const struct config_at *at, const struct ytree_node *key,
		       const struct config_field *fields, size_t n_fields, struct err *err)
{
	auto_free const char **known = calloc(n_fields, sizeof(*known));
	char list[320] = "";
	const char *near;
	size_t used = 0;

	if (!known)
		return err_sys(err, ENOMEM, "read '%s'", at->file);
	for (size_t i = 0; i < n_fields && used < sizeof(list); i++) {
		known[i] = fields[i].key;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 known[i]);
	}
	near = nearest(key->text, known, n_fields);
	if (near)
		return err_set(err, -EINVAL, "%s:%d: unknown key '%.128s', did you mean '%s'?",
			       at->file, key->line, at->key, near);
	return err_set(err, -EINVAL, "%s:%d: unknown key '%.128s', allowed: %s", at->file,
		       key->line, at->key, list);
}

int config_note(const struct config_at *at, int rc, const struct err *err)
{
	if (rc != -EINVAL || !at->sink)
		return rc;
	if (at->sink->bad)
		at->sink->bad(at->sink->arg, err);
	at->sink->n++;
	return 1;
}

int config_read_map(const struct config_at *at, const struct ytree_node *map,
		    const struct config_field *fields, size_t n_fields, void *base, struct err *err)
{
	int told = 0;

	if (map->type != YTREE_MAP)
		return config_refuse(at, map, "a map of keys", err);
	for (size_t i = 0; i < map->n; i++) {
		const struct ytree_node *key = map->items[2 * i];
		const struct ytree_node *value = map->items[2 * i + 1];
		const struct config_field *field = find_field(fields, n_fields, key->text);
		struct config_at sub = { .file = at->file, .sink = at->sink };
		int rc;

		(void)snprintf(sub.key, sizeof(sub.key), "%.60s%s%.60s", at->key,
			       *at->key ? "." : "", key->text);
		if (!field)
			rc = unknown_key(&sub, key, fields, n_fields, err);
		else if (value->type == YTREE_NULL)
			continue;
		else
			rc = field->read(&sub, value, (char *)base + field->offset, err);
		rc = config_note(at, rc, err);
		if (rc < 0)
			return rc;
		told |= rc;
	}
	return told;
}

int config_read_list(const struct config_at *at, const struct ytree_node *list, size_t size,
		     config_read_fn *read, void **array, int *n, struct err *err)
{
	int told = 0;

	if (list->type != YTREE_SEQ)
		return config_refuse(at, list, "a list", err);
	if (list->n > LIST_MAX)
		return err_set(err, -EINVAL, "%s:%d: key '%s': %zu items, allowed: up to %d",
			       at->file, list->line, at->key, list->n, LIST_MAX);
	free(*array);
	*n = 0;
	*array = calloc(list->n + 1, size); /* at least one element, as calloc(0) may be NULL */
	if (!*array)
		return err_sys(err, ENOMEM, "read '%s'", at->file);
	for (size_t i = 0; i < list->n; i++) {
		struct config_at sub = { .file = at->file, .sink = at->sink };
		int rc;

		(void)snprintf(sub.key, sizeof(sub.key), "%.100s[%zu]", at->key, i);
		*n = (int)i + 1; /* before the read: a half-read item is freed, too */
		rc = list->items[i]->type == YTREE_NULL ?
			     config_refuse(&sub, list->items[i], "a value", err) :
			     read(&sub, list->items[i], (char *)*array + i * size, err);
		rc = config_note(at, rc, err);
		if (rc < 0)
			return rc;
		told |= rc;
	}
	return told;
}
