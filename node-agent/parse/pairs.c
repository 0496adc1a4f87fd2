/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/pairs.h"

#include <string.h>

bool pairs_next(const char **pos, struct pair *ret)
{
	const char *text = *pos;
	size_t name_len, value_len;

	if (!text || !*text)
		return false;
	name_len = strcspn(text, "=,");
	ret->name = text;
	ret->name_len = (int)name_len;
	ret->value = text + name_len + (text[name_len] == '=');
	value_len = strcspn(ret->value, ",");
	ret->value_len = (int)value_len;
	*pos = ret->value + value_len + (ret->value[value_len] == ',');
	return true;
}

bool pairs_find(const char *text, const char *name, size_t name_len, struct pair *ret)
{
	struct pair pair;

	while (pairs_next(&text, &pair)) {
		if ((size_t)pair.name_len != name_len || memcmp(pair.name, name, name_len) != 0)
			continue;
		*ret = pair;
		return true;
	}
	return false;
}
