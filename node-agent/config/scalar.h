/* SPDX-License-Identifier: Apache-2.0 */
/* Values that agent.yaml and the annotations spell alike. Pure. */
#ifndef SMC_AGENT_SCALAR_H
#define SMC_AGENT_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/steer.h"

#define SCALAR_BUFFER_MIN (16 * 1024)
#define SCALAR_BUFFER_MAX (1024 * 1024)
#define SCALAR_BUFFER_ALLOWED "16Ki to 1Mi, such as 256Ki"
#define SCALAR_ULP_ALLOWED "deny, emulate, ignore"
#define SCALAR_BYTES_TEXT_MAX 24

/* These return 0 or -EINVAL without a message: the caller knows where the text stands. */
int scalar_parse_buffer(const char *text, int64_t *ret_bytes); /* a quantity */
int scalar_parse_ulp(const char *text, enum steer_ulp *ret);

const char *scalar_ulp_text(enum steer_ulp ulp);
/* True if a allows more to a pod than b; from the strongest: deny, emulate, ignore. */
bool scalar_ulp_weaker(enum steer_ulp a, enum steer_ulp b);
/* "64Ki" or "1Mi" where it divides, else bytes. Returns buf. */
const char *scalar_format_bytes(int64_t bytes, char buf[SCALAR_BYTES_TEXT_MAX]);

#endif
