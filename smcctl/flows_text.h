/* SPDX-License-Identifier: Apache-2.0 */
/* The peers of pods as text. */
#ifndef SMC_SMCCTL_FLOWS_TEXT_H
#define SMC_SMCCTL_FLOWS_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* The list of docs/flows-format.md: a line a peer, then what the reasons mean, each once. now: what
 * "last" is compared with. -ENOMEM */
int flows_text_print(const json_t *flows, int width, time_t now, FILE *out);

/* Some connection fell back for a reason that somebody can act on. */
bool flows_text_is_problem(const json_t *flow);

#endif
