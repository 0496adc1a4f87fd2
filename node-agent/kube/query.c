/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/kube/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* RFC 3986, section 2.3: all but the unreserved characters. What the server gave is opaque. */
static char *escape(const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = malloc(3 * strlen(text) + 1), *out = escaped;

	if (!escaped)
		return NULL;
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if (strchr(plain, ch)) {
			*out++ = (char)ch;
			continue;
		}
		*out++ = '%';
		*out++ = digits[ch >> 4];
		*out++ = digits[ch & 15];
	}
	*out = '\0';
	return escaped;
}

char *kube_query_list(const char *path, const char *selector, int limit, const char *cont)
{
	auto_free char *escaped = escape(cont ? cont : "");
	char *query;

	if (!escaped ||
	    asprintf(&query, "%s?limit=%d%s%s%s%s", path, limit, escaped[0] ? "&continue=" : "",
		     escaped, selector[0] ? "&" : "", selector) < 0)
		return NULL;
	return query;
}

char *kube_query_watch(const char *path, const char *selector, const char *version,
		       unsigned int timeout_s)
{
	auto_free char *escaped = escape(version);
	char *query;

	if (!escaped || asprintf(&query,
				 "%s?watch=1&allowWatchBookmarks=true&resourceVersion=%s"
				 "&timeoutSeconds=%u%s%s",
				 path, escaped, timeout_s, selector[0] ? "&" : "", selector) < 0)
		return NULL;
	return query;
}
