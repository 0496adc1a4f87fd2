/* SPDX-License-Identifier: Apache-2.0 */
/* Why pods are on SMC or on TCP: the sentence of each, and equal ones grouped for narrow
 * terminals. */
#ifndef SMC_SMCCTL_REASONS_H
#define SMC_SMCCTL_REASONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define REASONS_MAX 512 /* bytes of one sentence */

/* The most useful sentence about the pod, the cause first: what comes of it stands in other
 * columns. Returns buf. */
const char *reasons_of(const json_t *pod, char buf[REASONS_MAX]);

/* It asked for SMC, and something is the matter: it does not have it, or has less of it than it
 * could. */
bool reasons_is_problem(const json_t *pod);

/* Each reason once, the most frequent first, with the pods that have it, in lines of `width`
 * columns. -ENOMEM */
int reasons_print(const json_t *pods, int width, FILE *out);

#endif
