/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/k8s_name.h"

#include <stddef.h>
#include <string.h>

#define LABEL_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253

bool k8s_name_label(const char *name)
{
	size_t len = strspn(name, LABEL_CHARS);

	return name[len] == '\0' && len >= 1 && len <= LABEL_MAX && name[0] != '-' &&
	       name[len - 1] != '-';
}

bool k8s_name_subdomain(const char *name)
{
	if (strlen(name) > SUBDOMAIN_MAX)
		return false;
	for (;;) {
		size_t len = strspn(name, LABEL_CHARS); /* a part may be longer than a label */

		if (len == 0 || name[0] == '-' || name[len - 1] == '-')
			return false;
		if (name[len] == '\0')
			return true;
		if (name[len] != '.')
			return false;
		name += len + 1;
	}
}
