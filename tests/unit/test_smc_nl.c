/* SPDX-License-Identifier: Apache-2.0 */
/* What of SMC netlink needs no SMC: the seam is nlsock_query, the rest runs in tests/vm (common_*).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/smc.h>

#include "common/smc_nl.h"
#include "common/smc_nl_priv.h"

static int answers[8]; /* of the next calls of nlsock_query and nlsock_dump */
static int n_calls;
static struct err err;

int __wrap_nlsock_query(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn, void *arg,
			struct err *e);

int __wrap_nlsock_query(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn, void *arg,
			struct err *e)
{
	int r = answers[n_calls++];

	(void)sk;
	if (fn)
		(void)fn(nlmsg_hdr(msg), arg);
	return r < 0 ? err_set(e, r, "%s", strerror(-r)) : 0;
}

int __wrap_nlsock_dump(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn,
		       nlsock_forget_fn *forget, void *arg, struct err *e);

int __wrap_nlsock_dump(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn,
		       nlsock_forget_fn *forget, void *arg, struct err *e)
{
	if (forget)
		forget(arg);
	return __wrap_nlsock_query(sk, msg, fn, arg, e);
}

int __wrap_nlsock_talk(struct nl_sock *sk, struct nl_msg *msg, struct err *e);

int __wrap_nlsock_talk(struct nl_sock *sk, struct nl_msg *msg, struct err *e)
{
	return __wrap_nlsock_query(sk, msg, NULL, NULL, e);
}

static int script(void **state)
{
	(void)state;
	memset(answers, 0, sizeof(answers));
	n_calls = 0;
	err = ERR_INIT;
	return 0;
}

static int count(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(int *)arg;
	return 0;
}

static void to_zero(void *arg)
{
	*(int *)arg = 0;
}

static void a_kernel_without_smc_is_said_so(void **state)
{
	struct smc_nl *nl = NULL;

	(void)state;
	answers[0] = -ENOENT;
	assert_int_equal(smc_nl_open(-1, 1000, &nl, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.msg, "the kernel has no SMC"));
	assert_null(nl);
}

static void other_errors_of_the_look_up_stay_what_they_are(void **state)
{
	struct smc_nl *nl = NULL;

	(void)state;
	answers[0] = -ETIMEDOUT;
	assert_int_equal(smc_nl_open(-1, 1000, &nl, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.msg, "look up netlink family 'SMC_PNETID': "));
	assert_null(nl);
}

/* That an interrupted one is asked for again is nlsock_dump()'s part (test_nlsock). */
static void a_dump_says_why_it_failed(void **state)
{
	struct smc_nl nl = { .gen_family = 33 };
	int n = 7;

	(void)state;
	assert_int_equal(smc_nl_dump(&nl, 33, SMC_NETLINK_GET_STATS, count, to_zero, &n, &err), 0);
	assert_int_equal(n, 1);
	answers[1] = -EINTR;
	assert_int_equal(smc_nl_dump(&nl, 33, SMC_NETLINK_GET_STATS, count, to_zero, &n, &err),
			 -EINTR);
	assert_string_not_equal(err.msg, "");
}

static void pnet_ids_are_one_to_sixteen_letters_or_digits(void **state)
{
	(void)state;
	assert_true(smc_pnet_id_valid("a"));
	assert_true(smc_pnet_id_valid("ABCDEFGHIJ123456"));
	assert_false(smc_pnet_id_valid(""));
	assert_false(smc_pnet_id_valid("ABCDEFGHIJ1234567"));
	assert_false(smc_pnet_id_valid("NET 0"));
	assert_false(smc_pnet_id_valid("NET-0"));
}

static void ueids_are_what_the_kernel_takes(void **state)
{
	(void)state;
	assert_true(smc_ueid_valid("SMC-CNI"));
	assert_true(smc_ueid_valid("0.A-B"));
	assert_true(smc_ueid_valid("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"));
	assert_false(smc_ueid_valid("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"));
	assert_false(smc_ueid_valid(""));
	assert_false(smc_ueid_valid("-A"));
	assert_false(smc_ueid_valid(".A"));
	assert_false(smc_ueid_valid("smc"));
	assert_false(smc_ueid_valid("A B"));
}

static void a_bad_pnet_entry_never_reaches_the_kernel(void **state)
{
	struct smc_pnet neither = { .id = "NET0" }, both = { .id = "NET0", .ethname = "eth0" };
	struct smc_pnet bad = { .id = "NET-0", .ethname = "eth0" };
	struct smc_nl nl = { .pnet_family = 33 };

	(void)state;
	(void)snprintf(both.ibname, sizeof(both.ibname), "rxe0");
	assert_int_equal(smc_pnet_add(&nl, &bad, &err), -EINVAL);
	assert_string_equal(err.msg, "add pnet id 'NET-0': expected 1 to 16 letters or digits");
	assert_int_equal(smc_pnet_add(&nl, &neither, &err), -EINVAL);
	assert_int_equal(smc_pnet_add(&nl, &both, &err), -EINVAL);
	assert_int_equal(n_calls, 0);
}

/* EEXIST, and then a table without entries. */
static void an_id_that_is_in_no_table_is_the_hardwares(void **state)
{
	struct smc_pnet eth = { .id = "NET0", .ethname = "eth0" };
	struct smc_pnet ib = { .id = "NET0", .ibname = "rxe0", .ibport = 1 };
	struct smc_nl nl = { .pnet_family = 33 };

	(void)state;
	answers[0] = answers[2] = -EEXIST;
	assert_int_equal(smc_pnet_add(&nl, &eth, &err), -ENOTUNIQ);
	assert_string_equal(
		err.msg, "add pnet id 'NET0' for interface 'eth0': it has an id of its hardware");
	assert_int_equal(smc_pnet_add(&nl, &ib, &err), -EEXIST);
	assert_int_equal(n_calls, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_kernel_without_smc_is_said_so, script),
		cmocka_unit_test_setup(other_errors_of_the_look_up_stay_what_they_are, script),
		cmocka_unit_test_setup(a_dump_says_why_it_failed, script),
		cmocka_unit_test_setup(pnet_ids_are_one_to_sixteen_letters_or_digits, script),
		cmocka_unit_test_setup(ueids_are_what_the_kernel_takes, script),
		cmocka_unit_test_setup(a_bad_pnet_entry_never_reaches_the_kernel, script),
		cmocka_unit_test_setup(an_id_that_is_in_no_table_is_the_hardwares, script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
