/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/nearest.h"

static const char *const known[] = { "nodeName", "podSource", "ueid", "ulp", "socket" };

static void a_slip_of_the_finger_finds_its_word(void **state)
{
	static const struct {
		const char *word, *meant;
	} cases[] = {
		{ "nodename", "nodeName" },
		{ "NODENAME", "nodeName" },
		{ "nodeNme", "nodeName" },
		{ "ndoeName", "nodeName" },
		{ "nodeNames", "nodeName" },
		{ "ude", NULL },
		{ "uied", "ueid" },
		{ "ueids", "ueid" },
		{ "ulps", "ulp" },
		{ "sokcet", "socket" },
		{ "sckt", NULL },
		{ "sockt", "socket" },
		{ "pod", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "something-else", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *found = nearest(cases[i].word, known, ARRAY_SIZE(known));

		if (!cases[i].meant != !found || (found && strcmp(found, cases[i].meant) != 0))
			fail_msg("'%s' found '%s'", cases[i].word, found ? found : "nothing");
	}
}

static void very_long_words_are_near_to_nothing(void **state)
{
	char word[5000];

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(nearest(word, known, ARRAY_SIZE(known)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_the_finger_finds_its_word),
		cmocka_unit_test(very_long_words_are_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
