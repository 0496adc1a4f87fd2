/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps that the kernel calls interrupted are asked for again, and each try starts anew. The kernel
 * is one of the test's own: a thread at the other end of NETLINK_USERSOCK. */
#include <errno.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/nlsock.h"

#define OBJECT 0x100 /* a message type of our own */

static struct err err;

enum flaw { WHOLE, FLAGGED_MESSAGE, FLAGGED_END, AGAIN };

/* How each dump ends, in order; the last one counts for all that follow. */
struct kernel {
	const enum flaw *flaws;
	int n_flaws, n_asked, fd;
	pthread_t thread;
};

static void answer(const struct kernel *k, const struct sockaddr_nl *to, uint32_t seq,
		   enum flaw flaw)
{
	struct {
		struct nlmsghdr object;
		struct nlmsghdr done;
		int error;
	} reply = {
		.object = { .nlmsg_len = sizeof(struct nlmsghdr),
			    .nlmsg_type = OBJECT,
			    .nlmsg_flags = NLM_F_MULTI |
					   (flaw == FLAGGED_MESSAGE ? NLM_F_DUMP_INTR : 0),
			    .nlmsg_seq = seq },
		.done = { .nlmsg_len = sizeof(struct nlmsghdr) + sizeof(int),
			  .nlmsg_type = NLMSG_DONE,
			  .nlmsg_flags = NLM_F_MULTI | (flaw == FLAGGED_END ? NLM_F_DUMP_INTR : 0),
			  .nlmsg_seq = seq },
		.error = flaw == AGAIN ? -EAGAIN : 0,
	};

	(void)sendto(k->fd, &reply, sizeof(reply), 0, (const struct sockaddr *)to, sizeof(*to));
}

static void *serve(void *arg)
{
	struct kernel *k = arg;
	char buf[4096];

	for (;;) {
		struct sockaddr_nl from;
		socklen_t len = sizeof(from);
		struct nlmsghdr nlh;
		int which = k->n_asked < k->n_flaws ? k->n_asked : k->n_flaws - 1;

		if (recvfrom(k->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) <
		    (ssize_t)sizeof(nlh))
			return NULL;
		memcpy(&nlh, buf, sizeof(nlh));
		if (nlh.nlmsg_type != OBJECT)
			return NULL;
		k->n_asked++;
		answer(k, &from, nlh.nlmsg_seq, k->flaws[which]);
	}
}

static struct nl_sock *start(struct kernel *k, const enum flaw *flaws, int n, int timeout_ms)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	struct nl_sock *sk = NULL;

	err = ERR_INIT;
	*k = (struct kernel){ .flaws = flaws, .n_flaws = n };
	k->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	assert_true(k->fd >= 0);
	assert_int_equal(bind(k->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(k->fd, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(nlsock_open(-1, NETLINK_USERSOCK, timeout_ms, &sk, &err), 0);
	nl_socket_set_peer_port(sk, addr.nl_pid);
	assert_int_equal(pthread_create(&k->thread, NULL, serve, k), 0);
	return sk;
}

static struct nl_msg *message(int type)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	assert_non_null(msg);
	return msg;
}

static void stop(struct kernel *k, struct nl_sock *sk)
{
	auto_nlmsg struct nl_msg *msg = message(OBJECT + 1);

	nl_complete_msg(sk, msg);
	assert_true(nl_send(sk, msg) >= 0);
	assert_int_equal(pthread_join(k->thread, NULL), 0);
	(void)close(k->fd);
	nlsock_close(&sk);
}

static int count(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(int *)arg;
	return 0;
}

static void forget(void *arg)
{
	*(int *)arg = 0;
}

static void an_interrupted_dump_is_asked_for_again(void **state)
{
	static const enum flaw flaws[] = {
		FLAGGED_MESSAGE, FLAGGED_END, AGAIN,	   FLAGGED_MESSAGE, FLAGGED_END,
		AGAIN,		 FLAGGED_END, FLAGGED_END, FLAGGED_END,	    FLAGGED_END,
		FLAGGED_END,	 FLAGGED_END, WHOLE
	};
	const int n = sizeof(flaws) / sizeof(flaws[0]);
	auto_nlmsg struct nl_msg *msg = message(OBJECT);
	struct kernel k;
	struct nl_sock *sk = start(&k, flaws, n, 60000);
	int found = 0;

	(void)state;
	assert_int_equal(nlsock_dump(sk, msg, count, forget, &found, &err), 0);
	stop(&k, sk);
	assert_int_equal(k.n_asked, n);
	assert_int_equal(found, 1); /* of the last one alone */
}

static void one_that_is_never_whole_ends_with_the_time_limit(void **state)
{
	static const enum flaw flaws[] = { FLAGGED_END };
	auto_nlmsg struct nl_msg *msg = message(OBJECT);
	struct kernel k;
	struct nl_sock *sk = start(&k, flaws, 1, 50);
	int found = 0;

	(void)state;
	assert_int_equal(nlsock_dump(sk, msg, count, forget, &found, &err), -EINTR);
	stop(&k, sk);
	assert_string_equal(err.msg, "the table changed while it was read");
	assert_true(k.n_asked > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupted_dump_is_asked_for_again),
		cmocka_unit_test(one_that_is_never_whole_ends_with_the_time_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
