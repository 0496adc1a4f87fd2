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
#include "common/inet.h"

static struct err err;

static struct inet_addr parsed(const char *text)
{
	struct inet_addr addr = { 0 };

	if (inet_parse(text, &addr, &err) < 0)
		fail_msg("%s", err.msg);
	return addr;
}

static void addresses_are_formatted_as_they_were_parsed(void **state)
{
	static const char *const texts[] = { "10.1.0.2/24", "0.0.0.0/0", "255.255.255.255/32",
					     "fd00::2/64",  "::/0",	 "::ffff:10.0.0.1/128" };
	char buf[INET_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct inet_addr addr = parsed(texts[i]);

		assert_string_equal(inet_format(&addr, buf), texts[i]);
	}
}

static void an_address_without_prefix_gets_a_full_one(void **state)
{
	struct inet_addr v4 = parsed("10.1.0.2"), v6 = parsed("fd00::2");
	char buf[INET_TEXT_MAX];

	(void)state;
	assert_int_equal(v4.prefix_len, 32);
	assert_int_equal(v6.prefix_len, 128);
	assert_string_equal(inet_format_addr(&v4, buf), "10.1.0.2");
	assert_string_equal(inet_format_addr(&v6, buf), "fd00::2");
}

static void malformed_addresses_are_refused_by_name(void **state)
{
	static const char *const texts[] = {
		"",
		"10.1",
		"10.1.0.256",
		"10.01.0.1",
		" 10.1.0.1",
		"10.1.0.1 ",
		"10.1.0.1/",
		"10.1.0.1/33",
		"10.1.0.1/08",
		"10.1.0.1/+8",
		"10.1.0.1/-1",
		"10.1.0.1/8/8",
		"fd00::1/129",
		"fd00::1%lo",
		"fd00:::1",
		"10.1.0.1/256",
		"10.1.0.1/4294967304",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct inet_addr addr = { .family = 77 };

		if (inet_parse(texts[i], &addr, &err) != -EINVAL)
			fail_msg("'%s' was accepted", texts[i]);
		assert_int_equal(addr.family, 77);
		assert_non_null(strstr(err.msg, texts[i]));
	}
}

static void a_cidr_needs_a_prefix_and_no_host_bits(void **state)
{
	struct inet_addr net;

	(void)state;
	assert_int_equal(inet_parse_cidr("10.0.0.0/8", &net, &err), 0);
	assert_int_equal(inet_parse_cidr("fd00:1::/33", &net, &err), 0);
	assert_int_equal(inet_parse_cidr("10.1.2.3/32", &net, &err), 0);
	assert_int_equal(inet_parse_cidr("10.0.0.0", &net, &err), -EINVAL);
	assert_int_equal(inet_parse_cidr("10.0.0.1/31", &net, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "parse CIDR '10.0.0.1/31': bits after the /31 prefix must be zero");
	assert_int_equal(inet_parse_cidr("10.1.0.0/15", &net, &err), -EINVAL);
	assert_int_equal(inet_parse_cidr("fd00:1:8000::/32", &net, &err), -EINVAL);
}

static void a_network_covers_its_addresses_only(void **state)
{
	static const struct {
		const char *net, *addr;
		bool covers;
	} cases[] = {
		{ "10.1.0.0/16", "10.1.255.255", true }, { "10.1.0.0/16", "10.2.0.0", false },
		{ "10.1.0.0/15", "10.0.0.1", true },	 { "10.128.0.0/9", "10.127.0.1", false },
		{ "0.0.0.0/0", "200.1.1.1", true },	 { "0.0.0.0/0", "fd00::1", false },
		{ "::/0", "10.0.0.1", false },		 { "fd00::/63", "fd00:0:0:1::5", true },
		{ "fd00::/64", "fd00:0:0:1::5", false }, { "10.0.0.1/32", "10.0.0.1", true },
		{ "10.0.0.1/32", "10.0.0.0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct inet_addr net = parsed(cases[i].net), addr = parsed(cases[i].addr);

		if (inet_covers(&net, &addr) != cases[i].covers)
			fail_msg("%s covers %s: expected %d", cases[i].net, cases[i].addr,
				 cases[i].covers);
	}
}

static void equal_means_family_prefix_and_every_bit(void **state)
{
	struct inet_addr a = parsed("10.1.0.2/24"), b = parsed("10.1.0.2/24");
	struct inet_addr c = parsed("10.1.0.2/25"), d = parsed("10.1.0.3/24"), e = parsed("::/24");

	(void)state;
	assert_true(inet_equal(&a, &b));
	assert_false(inet_equal(&a, &c));
	assert_false(inet_equal(&a, &d));
	assert_false(inet_equal(&a, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_formatted_as_they_were_parsed),
		cmocka_unit_test(an_address_without_prefix_gets_a_full_one),
		cmocka_unit_test(malformed_addresses_are_refused_by_name),
		cmocka_unit_test(a_cidr_needs_a_prefix_and_no_host_bits),
		cmocka_unit_test(a_network_covers_its_addresses_only),
		cmocka_unit_test(equal_means_family_prefix_and_every_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
