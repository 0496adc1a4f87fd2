/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return s;
}

int list_each(const char *text, list_item_fn *fn, void *arg)
{
	auto_free char *copy = strdup(text);
	char *rest = copy;

	if (!copy)
		return -ENOMEM;
	for (int n = 0; rest; n++) {
		int rc;

		if (n == LIST_ITEMS_MAX)
			return -EINVAL;
		rc = fn(arg, trim(strsep(&rest, ",")));
		if (rc != 0)
			return rc;
	}
	return 0;
}
