/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of a large JSON object only the members that are asked for. What else is in it costs no
 * memory: an object that fills a megabyte would fill sixty as a tree. Pure.
 */
#ifndef SMC_AGENT_JSON_PICK_H
#define SMC_AGENT_JSON_PICK_H

#include <jansson.h>
#include <stddef.h>

#include "common/err.h"

/* A member that is asked for. If its value is an array, `below` holds for each object in it, and
 * what else is in it is passed over. A value that is neither object nor array is taken as it is. */
struct json_pick { /* the last one of a list is all NULL */
	const char *key; /* as the text has it: without escapes */
	const struct json_pick *below; /* NULL: its value, as it is */
};

/* *ret is an object, and the caller's. Of two members of a name the last one counts. Strings may
 * have a NUL in them. -EINVAL: "it is no JSON: ..."; of what is passed over that may go unnoticed,
 * unless brackets or strings do not end. */
int json_pick(const char *text, size_t len, const struct json_pick *picks, json_t **ret,
	      struct err *err);

#endif
