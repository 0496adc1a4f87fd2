/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

int scalar_parse_buffer(const char *text, int64_t *ret_bytes)
{
	static const struct {
		const char *suffix;
		int64_t factor;
	} units[] = {
		{ "", 1 }, { "Ki", 1024 }, { "Mi", 1024 * 1024 }, { "k", 1000 }, { "M", 1000000 }
	};
	size_t digits = strspn(text, "0123456789");
	int64_t n;

	if (digits < 1 || digits > 9)
		return -EINVAL;
	n = strtol(text, NULL, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text + digits, units[i].suffix) != 0)
			continue;
		n *= units[i].factor;
		if (n < SCALAR_BUFFER_MIN || n > SCALAR_BUFFER_MAX)
			return -EINVAL;
		*ret_bytes = n;
		return 0;
	}
	return -EINVAL;
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
