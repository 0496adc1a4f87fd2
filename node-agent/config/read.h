/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over agent.yaml: maps of known keys, lists, and the messages for what is wrong there.
 *
 * Messages: "FILE:LINE: key 'limits.ulp': got 'x', allowed: deny, emulate, ignore".
 */
#ifndef SMC_AGENT_CONFIG_READ_H
#define SMC_AGENT_CONFIG_READ_H

#include <stddef.h>

#include "common/err.h"
#include "node-agent/parse/ytree.h"

/* Where each thing that is wrong is told, in the order of the file. */
struct config_sink {
	void (*bad)(void *arg, const struct err *err); /* NULL: nobody hears */
	void *arg;
	int n; /* told so far */
};

struct config_at { /* where a value stands */
	const char *file;
	struct config_sink *sink; /* NULL: the first bad value ends the reading */
	char key[128]; /* "pnets[0].rdma[1].port" */
};

/* Reads value (never null) into what `out` points to; what it allocates belongs to the config at
 * once, so that config_free() drops it after a failure too. */
typedef int config_read_fn(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err);

struct config_field {
	const char *key;
	config_read_fn *read;
	size_t offset; /* in the struct that the map describes */
};

/* Says what came of one value. -EINVAL is told to the sink and becomes 1, and the reading goes on.
 * Without a sink, and for other errors, it is rc. */
int config_note(const struct config_at *at, int rc, const struct err *err);

/* Reads each key of `map` by its field. Returns 1 when something was wrong in there and has been
 * told. An unknown key is refused with the nearest known one; null leaves the default. */
int config_read_map(const struct config_at *at, const struct ytree_node *map,
		    const struct config_field *fields, size_t n_fields, void *base,
		    struct err *err);

/* Reads each item of a list into an array of n elements of `size` bytes, which are zeroed before
 * `read` fills them. *array and *n are replaced. */
int config_read_list(const struct config_at *at, const struct ytree_node *list, size_t size,
		     config_read_fn *read, void **array, int *n, struct err *err);

/* "FILE:LINE: key 'KEY': got 'VALUE', allowed: ALLOWED"; -EINVAL. */
int config_refuse(const struct config_at *at, const struct ytree_node *value, const char *allowed,
		  struct err *err);

/* "FILE:LINE: key 'AT.KEY' is missing"; -EINVAL. */
int config_missing(const struct config_at *at, const struct ytree_node *map, const char *key,
		   struct err *err);

/* The text of a string value; another type is refused, with "quote it" where that helps. */
int config_string(const struct config_at *at, const struct ytree_node *value, const char *allowed,
		  const char **ret, struct err *err);

#endif
