/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain (unquoted) YAML scalar is, by the core schema (YAML 1.2, chapter 10.3.2). */
#ifndef SMC_AGENT_YSCALAR_H
#define SMC_AGENT_YSCALAR_H

#include "node-agent/parse/ytree.h"

/* YTREE_NULL, _BOOL, _INT, _FLOAT or, for all the rest, _STRING. */
enum ytree_type yscalar_type(const char *s);

#endif
