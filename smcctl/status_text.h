/* The answer to `status` as people read it. */
#ifndef SMC_SMCCTL_STATUS_TEXT_H
#define SMC_SMCCTL_STATUS_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* The node in a few lines, then a table with a line for each pod. width: columns of the terminal;
 * 0: no terminal, lines are as long as they are, and all of a pod is in one. -ENOMEM. */
int status_text_print(const json_t *status, int width, FILE *out);

/* All about one pod. */
void status_text_print_pod(const json_t *pod, FILE *out);

#endif
