/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent answers to `status` (docs/status-format.md). */
#ifndef SMC_SMCCTL_STATUS_H
#define SMC_SMCCTL_STATUS_H

#include <jansson.h>

#include "common/err.h"

/* {"node": {...}, "pods": [{...}, ...]}, owned by the caller. The agent has timeout_ms for all of
 * it. */
int status_fetch(const char *socket_path, int timeout_ms, json_t **ret, struct err *err);

#endif
