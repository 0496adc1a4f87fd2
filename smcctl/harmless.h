/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent answers quotes pods' annotations and names, which anybody may have written. It is
 * made harmless for a terminal before anything is done with it. */
#ifndef SMC_SMCCTL_HARMLESS_H
#define SMC_SMCCTL_HARMLESS_H

#include <jansson.h>

#include "common/err.h"

/* In each text of the value, at any depth, control characters and their like become escapes
 * (common/printable.h). -ENOMEM. */
int harmless(json_t *value, struct err *err);

#endif
