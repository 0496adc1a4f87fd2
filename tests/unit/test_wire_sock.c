/* SPDX-License-Identifier: Apache-2.0 */
/* The transport of messages over real sockets; the other side is this test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/wire.h"

static struct err err;
static int pair[2];

static int open_pair(void **state)
{
	(void)state;
	err = ERR_INIT;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			(void)close(pair[i]);
	}
	return 0;
}

static int64_t soon(void)
{
	return clock_now_ms() + 5000;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void message_and_descriptor_arrive(void **state)
{
	json_auto_t *sent = wire_request("node");
	json_auto_t *got = NULL;
	auto_close int fd = -1;
	struct stat a, b;

	(void)state;
	assert_int_equal(wire_send(pair[0], sent, STDERR_FILENO, soon(), &err), 0);
	assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), 0);
	assert_true(json_equal(sent, got));
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstat(STDERR_FILENO, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void without_a_descriptor_minus_one_is_told(void **state)
{
	json_auto_t *sent = wire_ok();
	json_auto_t *got = NULL;
	int fd = 5;

	(void)state;
	assert_int_equal(wire_send(pair[0], sent, -1, soon(), &err), 0);
	assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), 0);
	assert_int_equal(fd, -1);
}

static void send_raw(const char *text, size_t len, int n_fds)
{
	union {
		char buf[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n_fds > 0) {
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS,
				       .cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int)) };
		for (int i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &(int){ STDERR_FILENO },
			       sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &mh, 0), len);
}

static void no_descriptor_stays_open_whatever_comes(void **state)
{
	static const char good[] = "{\"v\":1,\"ok\":true}", bad[] = "{\"v\":1,";
	json_auto_t *got = NULL;
	int before = count_fds(), fd = -1;

	(void)state;
	send_raw(good, strlen(good), 1);
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), 0);
	send_raw(bad, strlen(bad), 1);
	assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), -EPROTO);
	for (int n = 2; n <= 8; n++) {
		send_raw(good, strlen(good), n);
		assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), -EPROTO);
		assert_non_null(strstr(err.msg, "more than one descriptor"));
	}
	assert_int_equal(fd, -1);
	assert_int_equal(count_fds(), before);
}

static void rubbish_and_other_versions_are_refused(void **state)
{
	static const char *const table[] = {
		"x",
		"[]",
		"{}{}",
		"{\"v\":1,\"v\":1}",
		"{\"ok\":true}",
		"{\"v\":0}",
		"{\"v\":2}",
		"{\"v\":\"1\"}",
		"\xff",
		"{\"v\":1} x",
	};
	json_t *got = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		send_raw(table[i], strlen(table[i]), 0);
		assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), -EPROTO);
		assert_null(got);
	}
}

static void messages_that_are_too_large_are_refused_on_both_sides(void **state)
{
	auto_free char *text = malloc(WIRE_MESSAGE_MAX + 2);
	json_auto_t *msg = wire_ok();
	json_t *got = NULL;

	(void)state;
	memset(text, ' ', WIRE_MESSAGE_MAX + 1);
	memcpy(text, "{\"v\":1}", 7);
	send_raw(text, WIRE_MESSAGE_MAX + 1, 0);
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), -EPROTO);
	assert_non_null(strstr(err.msg, "larger than 204800 bytes"));
	text[WIRE_MESSAGE_MAX + 1] = '\0';
	assert_int_equal(json_object_set_new(msg, "x", json_string(text)), 0);
	assert_int_equal(wire_send(pair[0], msg, -1, soon(), &err), -EMSGSIZE);
}

static void a_message_of_the_greatest_size_passes(void **state)
{
	auto_free char *text = calloc(1, WIRE_MESSAGE_MAX + 1);
	json_auto_t *msg = wire_ok();
	json_auto_t *got = NULL;

	(void)state;
	memset(text, 'x', WIRE_MESSAGE_MAX - strlen("{\"v\":1,\"ok\":true,\"x\":\"\"}"));
	assert_int_equal(json_object_set_new(msg, "x", json_string(text)), 0);
	assert_int_equal(wire_send(pair[0], msg, -1, soon(), &err), 0);
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), 0);
	assert_true(json_equal(msg, got));
}

static void the_end_of_the_other_side_is_told(void **state)
{
	json_auto_t *msg = wire_ok();
	json_t *got = NULL;

	(void)state;
	(void)close(pair[0]);
	pair[0] = -1;
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), -ECONNRESET);
	assert_int_equal(wire_send(pair[1], msg, -1, soon(), &err), -ECONNRESET);
}

static void silence_ends_at_the_deadline(void **state)
{
	json_t *got = NULL;
	int64_t start = clock_now_ms();

	(void)state;
	assert_int_equal(wire_recv(pair[1], &got, NULL, 0, &err), -EAGAIN);
	assert_int_equal(wire_recv(pair[1], &got, NULL, start - 1, &err), -ETIMEDOUT);
	assert_int_equal(wire_recv(pair[1], &got, NULL, start + 50, &err), -ETIMEDOUT);
	assert_true(clock_now_ms() >= start + 50);
}

static void a_full_socket_ends_at_the_deadline(void **state)
{
	json_auto_t *msg = wire_ok();
	int r;

	(void)state;
	do
		r = wire_send(pair[0], msg, -1, 0, &err);
	while (r == 0);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(wire_send(pair[0], msg, -1, clock_now_ms() + 50, &err), -ETIMEDOUT);
}

/* ---- client ---- */

static int call_with_reply(const char *reply, const char **ret_code)
{
	json_auto_t *request = wire_request("node");
	json_auto_t *got = NULL;

	assert_int_equal(send(pair[0], reply, strlen(reply), 0), strlen(reply));
	return wire_call(pair[1], request, -1, soon(), &got, ret_code, &err);
}

static void refusals_carry_code_and_sentence(void **state)
{
	const char *code = NULL;

	(void)state;
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":true,\"ready\":true}", &code), 0);
	assert_null(code);
	assert_int_equal(
		call_with_reply(
			"{\"v\":1,\"ok\":false,\"code\":\"required\",\"error\":\"no hook\"}",
			&code),
		-EREMOTEIO);
	assert_string_equal(code, WIRE_CODE_REQUIRED);
	assert_string_equal(err.msg, "no hook");
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":false,\"code\":\"later\"}", &code),
			 -EREMOTEIO);
	assert_string_equal(code, WIRE_CODE_UNAVAILABLE);
	assert_int_equal(call_with_reply("{\"v\":1}", &code), -EPROTO);
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":\"yes\"}", &code), -EPROTO);
}

static void connect_names_the_socket_that_is_missing(void **state)
{
	char path[200];

	(void)state;
	assert_int_equal(wire_connect("/nonexistent/agent.sock", soon(), &err), -ENOENT);
	assert_string_equal(err.msg,
			    "connect to '/nonexistent/agent.sock': No such file or directory");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(wire_connect(path, soon(), &err), -ENAMETOOLONG);
}

static void a_listener_that_never_accepts_ends_at_the_deadline(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/test_wire.XXXXXX";
	auto_close int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int fds[8], n = 0, r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, 0), 0);
	while ((r = wire_connect(sun.sun_path, clock_now_ms() + 50, &err)) >= 0) {
		assert_true(n < 8);
		fds[n++] = r;
	}
	assert_int_equal(r, -ETIMEDOUT);
	assert_true(n >= 1);
	while (n > 0)
		(void)close(fds[--n]);
	(void)unlink(sun.sun_path);
	(void)rmdir(dir);
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(message_and_descriptor_arrive),
		PAIR_TEST(without_a_descriptor_minus_one_is_told),
		PAIR_TEST(no_descriptor_stays_open_whatever_comes),
		PAIR_TEST(rubbish_and_other_versions_are_refused),
		PAIR_TEST(messages_that_are_too_large_are_refused_on_both_sides),
		PAIR_TEST(a_message_of_the_greatest_size_passes),
		PAIR_TEST(the_end_of_the_other_side_is_told),
		PAIR_TEST(silence_ends_at_the_deadline),
		PAIR_TEST(a_full_socket_ends_at_the_deadline),
		PAIR_TEST(refusals_carry_code_and_sentence),
		PAIR_TEST(connect_names_the_socket_that_is_missing),
		PAIR_TEST(a_listener_that_never_accepts_ends_at_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
