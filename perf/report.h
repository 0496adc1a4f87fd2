/* SPDX-License-Identifier: Apache-2.0 */
/* What a run found, for people and for programs. */
#ifndef SMC_PERF_REPORT_H
#define SMC_PERF_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "perf/options.h"
#include "perf/results.h"

/* A table for each measure, 80 columns wide. 0 or -ENOMEM. */
int report_text(const struct options *o, const struct bench *b, const struct results *r, FILE *out);

/* As docs/perf-format.md has it. NULL: no memory. */
json_t *report_json(const struct options *o, const struct bench *b, const struct results *r);

#endif
