/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent answers to `status` (docs/status-format.md). */
#ifndef SMC_SMCCTL_STATUS_H
#define SMC_SMCCTL_STATUS_H

#include <jansson.h>

#include "common/err.h"

/* {"node": {...}, "pods": [{...}, ...]}, owned by the caller. The agent has timeout_ms for all of
 * it. */
int status_fetch(const char *socket_path, int timeout_ms, json_t **ret, struct err *err);

/* Keeps the pods of the name: "NAMESPACE/POD", or "POD" in any namespace. Returns how many are
 * left. */
size_t status_filter(json_t *status, const char *name);
/* Those of a namespace, and those that reasons_is_problem(). */
size_t status_filter_namespace(json_t *status, const char *namespace);
size_t status_filter_problems(json_t *status);

#endif
