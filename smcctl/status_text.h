/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to `status` as people read it. */
#ifndef SMC_SMCCTL_STATUS_TEXT_H
#define SMC_SMCCTL_STATUS_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* Prints the node in a few lines, then a table with a line for each pod. width: the terminal's
 * columns; 0: there is no terminal, and all of a pod is in one line, however long. -ENOMEM. */
int status_text_print(const json_t *status, int width, FILE *out);

/* Prints all about one pod. */
void status_text_print_pod(const json_t *pod, FILE *out);

#endif
