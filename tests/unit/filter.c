/* SPDX-License-Identifier: Apache-2.0 */
/* UNIT_FILTER="*some_case" in the environment runs those cases of a test program alone ('*' and '?'
 * as in a shell). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void filter(void)
{
	const char *pattern = getenv("UNIT_FILTER");

	if (pattern)
		cmocka_set_test_filter(pattern);
}
