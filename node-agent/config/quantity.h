/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' quantities: "65536", "64Ki", "0.5Mi", "1e5", "100k" (apimachinery,
 * resource.Quantity). Pure. */
#ifndef SMC_AGENT_QUANTITY_H
#define SMC_AGENT_QUANTITY_H

#include <stdint.h>

/* The number, which must be from min to max (both positive); what is no whole one is rounded up, as
 * Kubernetes does it. -EINVAL: it is no quantity, or another one, or has more than 18 digits that
 * matter. */
int quantity_parse(const char *text, int64_t min, int64_t max, int64_t *ret);

#endif
