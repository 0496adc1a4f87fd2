/* SPDX-License-Identifier: Apache-2.0 */
/* Lenient getters for what the agent answers: an agent of another version may leave things out. */
#ifndef SMC_SMCCTL_GET_H
#define SMC_SMCCTL_GET_H

#include <jansson.h>
#include <stdbool.h>

/* Keys are given as a path: "policy.why". Absent, null or of another type: "", 0, false, NULL. */
const char *get_string(const json_t *obj, const char *path);
long long get_int(const json_t *obj, const char *path);
bool get_bool(const json_t *obj, const char *path);
const json_t *get(const json_t *obj, const char *path);

#endif
