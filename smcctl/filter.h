/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what has a "namespace" and a "name", narrowed to what was asked about. */
#ifndef SMC_SMCCTL_FILTER_H
#define SMC_SMCCTL_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Drops from the list what `keep` does not want; returns how many are left. */
size_t filter(json_t *list, bool (*keep)(const json_t *one, const char *arg), const char *arg);

/* For filter(). arg is "NAMESPACE/POD", or "POD" of any namespace; or a namespace. */
bool filter_is_pod(const json_t *one, const char *arg);
bool filter_is_in(const json_t *one, const char *arg);

#endif
