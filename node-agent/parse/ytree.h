/* SPDX-License-Identifier: Apache-2.0 */
/* Room parse/: readers of foreign text: YAML, JSON in pieces, base64, names of Kubernetes.
 * Thread: any; they keep no state.
 * Never: opens a file, waits, or trusts what it reads: each has its bounds and a fuzz target.
 */

/* A strict, bounded tree of one YAML file (JSON is YAML too), with the line of each value for
 * messages.
 *
 * Refused, always with the line: duplicate keys, keys that are no scalars, merge keys ("<<"),
 * tags other than those of YAML's own types, an alias to something that contains it, and what
 * exceeds the bounds below. Plain scalars get their type by the YAML 1.2 core schema (chapter
 * 10.3): `yes` is a string, `true`, `~` and 64 are not. Aliases share nodes, so a tree is
 * read-only; the bound on nodes counts each use ("billion laughs").
 */
#ifndef SMC_AGENT_YTREE_H
#define SMC_AGENT_YTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define YTREE_BYTES_MAX (1024 * 1024)
#define YTREE_NODES_MAX 100000 /* per file, aliases followed */
#define YTREE_DEPTH_MAX 64
#define YTREE_ANCHORS_MAX 64

enum ytree_type {
	YTREE_NULL,
	YTREE_BOOL,
	YTREE_INT,
	YTREE_FLOAT,
	YTREE_STRING,
	YTREE_SEQ,
	YTREE_MAP,
};

struct ytree_node {
	enum ytree_type type;
	int line; /* 1-based */
	char *text; /* scalars: as written, without quotes; no NUL byte inside; "" otherwise */
	size_t n; /* items of a sequence, pairs of a map */
	struct ytree_node **items; /* sequence: values; map: key, value, key, value, ... */
	struct ytree_node *next; /* all nodes of the tree */
	uint32_t weight; /* nodes below and itself, aliases followed */
};

struct ytree {
	size_t n_docs; /* empty documents are left out */
	struct ytree_node **docs;
	struct ytree_node *all;
};

/* Parses the whole text; `name` stands for the file in messages ("NAME:LINE: ..."). -EINVAL,
 * -E2BIG, -ENOMEM. */
int ytree_parse(const char *text, size_t len, const char *name, struct ytree **ret,
		struct err *err);
void ytree_free(struct ytree *t); /* NULL is fine */
void ytree_cleanup(struct ytree **t);
#define auto_ytree __attribute__((cleanup(ytree_cleanup)))

/* The value of a key, or NULL when map is no map, or the key is absent or null. */
const struct ytree_node *ytree_get(const struct ytree_node *map, const char *key);

/* "a map", "a list", "a number", ... for messages. */
const char *ytree_type_text(enum ytree_type type);

#endif
