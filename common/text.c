/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct text {
	atomic_uint owners;
	char s[];
};

struct text *text_new(const char *s)
{
	size_t size = strlen(s) + 1;
	struct text *t = malloc(sizeof(*t) + size);

	if (!t)
		return NULL;
	atomic_init(&t->owners, 1);
	memcpy(t->s, s, size);
	return t;
}

struct text *text_ref(struct text *t)
{
	if (t)
		(void)atomic_fetch_add(&t->owners, 1);
	return t;
}

void text_unref(struct text *t)
{
	if (t && atomic_fetch_sub(&t->owners, 1) == 1)
		free(t);
}

const char *text_get(const struct text *t)
{
	return t ? t->s : NULL;
}

bool text_same(const struct text *a, const struct text *b)
{
	return a == b || (a && b && !strcmp(a->s, b->s));
}
