/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/ytree.h"

#include <stdlib.h>
#include <string.h>

void ytree_free(struct ytree *t)
{
	struct ytree_node *next;

	if (!t)
		return;
	for (struct ytree_node *n = t->all; n; n = next) {
		next = n->next;
		free(n->text);
		free(n->items);
		free(n);
	}
	free(t->docs);
	free(t);
}

void ytree_cleanup(struct ytree **t)
{
	ytree_free(*t);
}

const struct ytree_node *ytree_get(const struct ytree_node *map, const char *key)
{
	if (map->type != YTREE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		const struct ytree_node *value = map->items[2 * i + 1];

		if (strcmp(map->items[2 * i]->text, key) == 0)
			return value->type == YTREE_NULL ? NULL : value;
	}
	return NULL;
}

const char *ytree_type_text(enum ytree_type type)
{
	switch (type) {
	case YTREE_NULL:
		return "nothing";
	case YTREE_BOOL:
		return "a truth value";
	case YTREE_INT:
	case YTREE_FLOAT:
		return "a number";
	case YTREE_STRING:
		return "a string";
	case YTREE_SEQ:
		return "a list";
	case YTREE_MAP:
		return "a map";
	}
	return "";
}
