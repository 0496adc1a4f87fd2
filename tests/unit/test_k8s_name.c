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
#include "node-agent/parse/k8s_name.h"

static void labels_are_lower_case_letters_digits_and_inner_dashes(void **state)
{
	static const char *const good[] = { "a", "0", "kube-system", "a--b", "x1" };
	static const char *const bad[] = { "", "-a", "a-", "A", "a.b", "a_b", "a b", "\xc3\xa9" };
	char label[70];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(k8s_name_label(good[i]) && k8s_name_subdomain(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(k8s_name_label(bad[i]));
	memset(label, 'a', sizeof(label));
	label[63] = '\0';
	assert_true(k8s_name_label(label));
	label[63] = 'a';
	label[64] = '\0';
	assert_false(k8s_name_label(label));
}

static void subdomains_are_joined_by_single_dots(void **state)
{
	static const char *const good[] = { "a.b", "node-1.example.org", "web-0" };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "a.-b", "a-.b", "a.B" };
	char name[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(k8s_name_subdomain(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(k8s_name_subdomain(bad[i]));
	memset(name, 'a', sizeof(name));
	name[253] = '\0';
	assert_true(k8s_name_subdomain(name));
	name[253] = 'a';
	name[254] = '\0';
	assert_false(k8s_name_subdomain(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_lower_case_letters_digits_and_inner_dashes),
		cmocka_unit_test(subdomains_are_joined_by_single_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
