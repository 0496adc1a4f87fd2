/* SPDX-License-Identifier: Apache-2.0 */
/* Annotation `containers`: which of a pod's containers are to be steered, and what is known of
 * them. Pure.
 *
 * Four texts of parse/pairs.h tell it, each with one pair a container:
 *   known   NAME=ID, all containers of the pod, as its object says (object/containers.h)
 *   told    NAME=ID, as the runtime says itself; it counts first
 *   wanted  NAME=ID, those that the annotation names; part of the wish
 *   placed  NAME=CGROUP, those whose cgroup is in the map; part of the record
 * An empty value is what is not known (yet). A container that is not identified stays TCP.
 */
#ifndef SMC_AGENT_MODEL_CONTAINERS_H
#define SMC_AGENT_MODEL_CONTAINERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"
#include "node-agent/parse/pairs.h"

#define CONTAINERS_NAME_MAX 64 /* with NUL: a DNS label */

/* Wanted, in the annotation's order, each name once. known and told may be NULL. NULL: no
 * memory. */
struct text *containers_want(const char *annotation, const char *known, const char *told);

/* What the annotation names and the pod does not have. *ret_first is the first such name, "" if
 * there is none; returns true if no name is one of the pod's. known NULL: then nothing is odd. */
bool containers_stray(const char *annotation, const char *known, const char *told,
		      char ret_first[CONTAINERS_NAME_MAX]);

/* told with the container's new id; "" takes it out. NULL: no memory. */
struct text *containers_tell(const char *told, const char *name, const char *id);

/* The cgroup of a pair of placed; 0: none. */
uint64_t containers_cgroup(const struct pair *pair);
/* Has placed that cgroup? */
bool containers_has(const char *placed, uint64_t cgroup);

#endif
