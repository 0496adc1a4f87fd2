/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign addresses: what is accepted must survive the way through its text, and covers itself. */
#include <stdlib.h>
#include <string.h>

#include "common/inet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256], buf[INET_TEXT_MAX];
	struct inet_addr addr, again;
	struct err err = ERR_INIT;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (inet_parse(text, &addr, &err) < 0) {
		if (inet_parse_cidr(text, &again, &err) == 0)
			abort();
		return 0;
	}
	if (inet_parse(inet_format(&addr, buf), &again, &err) < 0 || !inet_equal(&addr, &again) ||
	    !inet_covers(&addr, &again))
		abort();
	(void)inet_parse_cidr(text, &again, &err);
	return 0;
}
