/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/harmless.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/printable.h"

#define GROWTH 4 /* one byte becomes four characters at most: \x1b */

static int harmless_text(json_t *value, struct err *err)
{
	const char *text = json_string_value(value);
	size_t size = GROWTH * json_string_length(value) + 1;
	auto_free char *buf = NULL;

	if (printable_is(text))
		return 0;
	buf = malloc(size);
	if (!buf || json_string_set(value, printable(text, buf, size)) < 0)
		return err_sys(err, ENOMEM, "read the answer");
	return 0;
}

int harmless(json_t *value, struct err *err)
{
	const char *key;
	json_t *item;
	size_t i;
	int r = 0;

	if (json_is_string(value))
		return harmless_text(value, err);
	json_array_foreach(value, i, item) {
		if (r == 0)
			r = harmless(item, err);
	}
	json_object_foreach(value, key, item) {
		if (r == 0)
			r = harmless(item, err);
	}
	return r;
}
