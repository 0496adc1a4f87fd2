/* SPDX-License-Identifier: Apache-2.0 */
/* The series of pods on /metrics, as a table: a new counter of a pod is one row. Pure. */
#ifndef SMC_AGENT_POD_METRICS_H
#define SMC_AGENT_POD_METRICS_H

#include <stdio.h>

#include "node-agent/show/metrics.h"

void pod_metrics_render(FILE *out, const struct metrics_pod *pods, size_t n);

/* The two lines before the first sample of a name. */
void metrics_head(FILE *out, const char *name, const char *type, const char *help);

#endif
