/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls libsmc-preload.so makes of a socket(2), against kernels that know more or less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preload/choose.h"

#define CLOEXEC 02000000

/* The kernel: what it says to the protocol, to the family and to what was asked for; what it heard.
 */
static long says_protocol, says_family, says_tcp;
static int heard_protocol, heard_family, heard_other;
static int last_domain, last_type, last_protocol;
static struct preload_state state;

static long kernel(int domain, int type, int protocol)
{
	last_domain = domain;
	last_type = type;
	last_protocol = protocol;
	if (domain == PRELOAD_AF_SMC) {
		heard_family++;
		return says_family;
	}
	if (protocol == PRELOAD_SMC) {
		heard_protocol++;
		return says_protocol;
	}
	heard_other++;
	return says_tcp;
}

static int begin(void **unused)
{
	(void)unused;
	state = (struct preload_state){ 0 };
	says_protocol = 7;
	says_family = 8;
	says_tcp = 9;
	heard_protocol = heard_family = heard_other = 0;
	return 0;
}

static long ask(int domain, int type, int protocol)
{
	return preload_socket(&state, kernel, domain, type, protocol);
}

static void heard(int protocol, int family, int other)
{
	assert_int_equal(heard_protocol, protocol);
	assert_int_equal(heard_family, family);
	assert_int_equal(heard_other, other);
}

static void a_new_kernel_is_asked_by_protocol_and_nothing_else(void **unused)
{
	(void)unused;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM | CLOEXEC, 0), 7);
	assert_int_equal(last_type, PRELOAD_STREAM | CLOEXEC);
	assert_int_equal(ask(PRELOAD_AF_INET6, PRELOAD_STREAM, PRELOAD_TCP), 7);
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, PRELOAD_MPTCP), 7);
	heard(3, 0, 0);
}

static void an_older_one_is_asked_by_family(void **unused)
{
	(void)unused;
	says_protocol = -EPROTONOSUPPORT;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 8);
	assert_int_equal(last_protocol, 0);
	assert_int_equal(ask(PRELOAD_AF_INET6, PRELOAD_STREAM | CLOEXEC, 0), 8);
	assert_true(last_protocol == 1 && last_type == (PRELOAD_STREAM | CLOEXEC));
	heard(2, 2, 0);
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 8);
	heard(2, 3, 0);
}

static void one_without_smc_is_asked_once(void **unused)
{
	(void)unused;
	says_protocol = -EPROTONOSUPPORT;
	says_family = -EAFNOSUPPORT;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 9);
	assert_true(last_domain == PRELOAD_AF_INET && last_protocol == 0);
	heard(1, 1, 3);
}

static void a_family_without_smc_is_not_the_other_one(void **unused)
{
	(void)unused;
	says_protocol = -EPROTONOSUPPORT;
	says_family = -EPROTONOSUPPORT;
	assert_int_equal(ask(PRELOAD_AF_INET6, PRELOAD_STREAM, 0), 9);
	says_protocol = 7;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 7);
	assert_int_equal(ask(PRELOAD_AF_INET6, PRELOAD_STREAM, 0), 9);
}

/* Nothing was learned about SMC: it is asked for the next time again. */
static void a_kernel_that_has_no_room_says_it_to_what_was_asked_for(void **unused)
{
	(void)unused;
	says_protocol = says_tcp = -EMFILE;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), -EMFILE);
	heard(1, 0, 1);
	says_protocol = 7;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 7);
}

static void a_policy_that_forbids_smc_leaves_tcp(void **unused)
{
	(void)unused;
	says_protocol = -EPERM;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 9);
	says_protocol = -EACCES;
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, 0), 9);
}

static void what_is_no_tcp_goes_as_it_is(void **unused)
{
	const int others[][3] = {
		{ 1, PRELOAD_STREAM, 0 },
		{ PRELOAD_AF_INET, 2, 0 },
		{ PRELOAD_AF_INET, 2 | CLOEXEC, 17 },
		{ PRELOAD_AF_INET, 3, 1 },
		{ PRELOAD_AF_INET, 5, 0 },
		{ PRELOAD_AF_INET6, PRELOAD_STREAM, 132 },
		{ PRELOAD_AF_INET, PRELOAD_STREAM, -1 },
		{ 16, 3, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(ask(others[i][0], others[i][1], others[i][2]), 9);
		assert_true(last_domain == others[i][0] && last_type == others[i][1] &&
			    last_protocol == others[i][2]);
	}
	heard(0, 0, sizeof(others) / sizeof(others[0]));
	/* A program that asks for SMC by name, gets what the kernel gives. */
	assert_int_equal(ask(PRELOAD_AF_INET, PRELOAD_STREAM, PRELOAD_SMC), 7);
	assert_int_equal(ask(PRELOAD_AF_SMC, PRELOAD_STREAM, 0), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_new_kernel_is_asked_by_protocol_and_nothing_else, begin),
		cmocka_unit_test_setup(an_older_one_is_asked_by_family, begin),
		cmocka_unit_test_setup(one_without_smc_is_asked_once, begin),
		cmocka_unit_test_setup(a_family_without_smc_is_not_the_other_one, begin),
		cmocka_unit_test_setup(a_kernel_that_has_no_room_says_it_to_what_was_asked_for,
				       begin),
		cmocka_unit_test_setup(a_policy_that_forbids_smc_leaves_tcp, begin),
		cmocka_unit_test_setup(what_is_no_tcp_goes_as_it_is, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
