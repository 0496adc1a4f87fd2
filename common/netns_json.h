/* SPDX-License-Identifier: Apache-2.0 */
/* A remembered network namespace (netns.h) as JSON: {"dev": "4", "inode": "4026532290", "cookie":
 * "7"}. Numbers of 64 bits are text: JSON's do not hold them everywhere.
 */
#ifndef SMC_COMMON_NETNS_JSON_H
#define SMC_COMMON_NETNS_JSON_H

#include <jansson.h>

#include "common/netns.h"

json_t *netns_to_json(const struct netns_id *id);
/* The member "netns" of obj; `where` names obj. -EINVAL, also if it is not there. */
int netns_from_json(const json_t *obj, const char *where, struct netns_id *ret, struct err *err);

/* Such a number. The second is of obj's member `key`. */
json_t *u64_to_json(uint64_t value);
int u64_from_json(const json_t *obj, const char *where, const char *key, uint64_t *ret,
		  struct err *err);

#endif
