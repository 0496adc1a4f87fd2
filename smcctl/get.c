/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/get.h"

#include <stdio.h>
#include <string.h>

const json_t *get(const json_t *obj, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, ".");
		char key[64];

		(void)snprintf(key, sizeof(key), "%.*s", (int)len, path);
		obj = json_object_get(obj, key);
		path += len + (path[len] == '.');
	}
	return json_is_null(obj) ? NULL : obj;
}

const char *get_string(const json_t *obj, const char *path)
{
	const char *text = json_string_value(get(obj, path));

	return text ? text : "";
}

long long get_int(const json_t *obj, const char *path)
{
	return json_integer_value(get(obj, path));
}

bool get_bool(const json_t *obj, const char *path)
{
	return json_is_true(get(obj, path));
}
