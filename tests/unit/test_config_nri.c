/* SPDX-License-Identifier: Apache-2.0 */
/* The key `nri`: two words or a path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/config/config.h"

/* Helm reads its values as YAML 1.1, for which off is false. */
static void it_is_a_word_or_a_path(void **state)
{
	static const struct {
		const char *text, *path;
		bool named;
	} good[] = { { "nri: auto", "/var/run/nri/nri.sock", false },
		     { "nri: off", "", false },
		     { "nri: 'off'", "", false },
		     { "nri: false", "", false },
		     { "nri: /var/run/nri/nri.sock", "/var/run/nri/nri.sock", true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct config *c;

		assert_int_equal(config_parse(good[i].text, strlen(good[i].text), "agent.yaml", &c,
					      NULL),
				 0);
		assert_string_equal(c->nri, good[i].path);
		assert_int_equal(c->nri_named, good[i].named);
		config_free(c);
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "on", "true", "nri.sock", "\"\"", "/a/../b", "[auto]" };
	static const char allowed[] =
		", allowed: auto, off, or an absolute path without '..' of up to 107 characters";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_INIT;
		struct config *c;
		char text[64];

		(void)snprintf(text, sizeof(text), "nri: %s", bad[i]);
		assert_int_equal(config_parse(text, strlen(text), "agent.yaml", &c, &err), -EINVAL);
		if (!strstr(err.msg, "agent.yaml:1: key 'nri'") || !strstr(err.msg, allowed))
			fail_msg("%s: '%s'", text, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_a_word_or_a_path),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
