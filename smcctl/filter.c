/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/filter.h"

#include <string.h>

#include "smcctl/get.h"

size_t filter(json_t *list, bool (*keep)(const json_t *one, const char *arg), const char *arg)
{
	size_t i = 0;

	while (i < json_array_size(list)) {
		if (keep(json_array_get(list, i), arg))
			i++;
		else
			(void)json_array_remove(list, i);
	}
	return i;
}

bool filter_is_in(const json_t *one, const char *arg)
{
	return strcmp(get_string(one, "namespace"), arg) == 0;
}

bool filter_is_pod(const json_t *one, const char *arg)
{
	const char *namespace = get_string(one, "namespace"), *slash = strchr(arg, '/');

	if (!slash)
		return strcmp(get_string(one, "name"), arg) == 0;
	return strlen(namespace) == (size_t)(slash - arg) &&
	       strncmp(namespace, arg, strlen(namespace)) == 0 &&
	       strcmp(get_string(one, "name"), slash + 1) == 0;
}
