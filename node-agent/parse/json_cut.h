/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a stream of JSON text, which comes in pieces of any length, into the objects that it is made
 * of, so that no more than one of them is in memory. Pure; the objects are not parsed.
 */
#ifndef SMC_AGENT_JSON_CUT_H
#define SMC_AGENT_JSON_CUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Bytes of one object: etcd takes no more than 1.5 MiB, and JSON may have six for one ('<' is
 * written \u003c). */
#define JSON_CUT_MAX (10 * 1024 * 1024)
#define JSON_CUT_REST_MAX (64 * 1024) /* bytes of a list without its items */

enum json_cut_mode {
	JSON_CUT_LINES, /* one object a line: a watch */
	JSON_CUT_ITEMS, /* one object, and the elements of its array "items": a list */
};

struct json_cut_text {
	char *buf; /* NUL-terminated */
	size_t len, size;
};

struct json_cut { /* zero but for mode, and max if it is to be another */
	enum json_cut_mode mode;
	size_t max;
	struct json_cut_text one; /* the object that is being collected */
	struct json_cut_text rest; /* ITEMS: what is not in items */
	int depth; /* of { and [, outside of strings */
	bool in_items; /* within the array "items": depth >= 2 */
	bool in_item; /* within one of its objects */
	bool in_string, escaped;
};

/* Returns false when no more is wanted. text is NUL-terminated and borrowed. */
typedef bool json_cut_fn(void *arg, const char *text, size_t len);

/* Takes the next piece and hands out what is whole. 0; -ECANCELED when fn said so; -E2BIG; -EINVAL;
 * -ENOMEM. */
int json_cut_feed(struct json_cut *c, const char *data, size_t len, json_cut_fn *fn, void *arg,
		  struct err *err);
/* Says that the stream is over. LINES: -EINVAL when it ended within a line. ITEMS: *ret is the list
 * with an empty "items", which the caller owns. */
int json_cut_end(struct json_cut *c, json_t **ret, struct err *err);
void json_cut_clear(struct json_cut *c); /* what it holds, for the next stream */

#endif
