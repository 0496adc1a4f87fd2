/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/config/quantity.h"

int scalar_parse_buffer(const char *text, int64_t *ret_bytes)
{
	return quantity_parse(text, SCALAR_BUFFER_MIN, SCALAR_BUFFER_MAX, ret_bytes);
}

const char *scalar_format_bytes(int64_t bytes, char buf[SCALAR_BYTES_TEXT_MAX])
{
	const char *unit = "";

	if (bytes % (1024 * 1024) == 0) {
		bytes /= 1024 * 1024;
		unit = "Mi";
	} else if (bytes % 1024 == 0) {
		bytes /= 1024;
		unit = "Ki";
	}
	(void)snprintf(buf, SCALAR_BYTES_TEXT_MAX, "%" PRId64 "%s", bytes, unit);
	return buf;
}

static const struct {
	const char *text;
	enum steer_ulp ulp;
} ulps[] = {
	/* from the strongest */
	{ "deny", STEER_ULP_DENY },
	{ "emulate", STEER_ULP_EMULATE },
	{ "ignore", STEER_ULP_IGNORE },
};

static size_t ulp_rank(enum steer_ulp ulp)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(ulps) - 1 && ulps[i].ulp != ulp)
		i++;
	return i;
}

int scalar_parse_ulp(const char *text, enum steer_ulp *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(ulps); i++) {
		if (strcmp(text, ulps[i].text) == 0) {
			*ret = ulps[i].ulp;
			return 0;
		}
	}
	return -EINVAL;
}

const char *scalar_ulp_text(enum steer_ulp ulp)
{
	return ulps[ulp_rank(ulp)].text;
}

bool scalar_ulp_weaker(enum steer_ulp a, enum steer_ulp b)
{
	return ulp_rank(a) > ulp_rank(b);
}
