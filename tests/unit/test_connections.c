/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server against clients that mean it no good: real sockets in the test's own loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node-agent/show/connections.h"
#include "node-agent/show/places.h"

#define WHOLE "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
#define HALF "GET /healthz HTTP/1.1\r\nHost: x\r\n"
#define WAITS "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
#define MANY 40
#define WAIT_MS 20000

static struct loop *loop;
static struct connections *connections;
static int port;
static int64_t ahead_ms; /* since the test began */
static int n_waiting;

int64_t __real_clock_now_ms(void);
int64_t __wrap_clock_now_ms(void);

int64_t __wrap_clock_now_ms(void)
{
	return 1000 + ahead_ms; /* it stands still but where a test moves it */
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	static char text[] = "ok\n";
	struct MHD_Response *r;
	enum MHD_Result result;

	(void)arg, (void)method, (void)version, (void)data;
	if (!*state || *data_len > 0) {
		*state = &port;
		*data_len = 0;
		return MHD_YES;
	}
	if (!connections_begin(c))
		return MHD_NO;
	if (!strcmp(url, "/wait") && connections_wait(c)) {
		n_waiting++;
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
	result = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return result;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode code)
{
	(void)arg, (void)state, (void)code;
	connections_end(c);
}

/* A port that is free: somebody else may take it before we do, so another is tried then. */
static int free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	(void)close(fd);
	return ntohs(sin.sin_port);
}

static int set_up(void **state)
{
	struct err err = ERR_INIT;
	char address[32];
	int r = -1;

	(void)state;
	ahead_ms = n_waiting = 0;
	assert_int_equal(loop_new(&loop, &err), 0);
	for (int i = 0; i < 10 && r < 0; i++) {
		port = free_port();
		(void)snprintf(address, sizeof(address), "127.0.0.1:%d", port);
		r = connections_new(loop, address, on_request, on_completed, NULL, &connections,
				    &err);
	}
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	connections_free(connections);
	loop_free(loop);
	return 0;
}

static int client(const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				   .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return fd;
}

static void turns(int n)
{
	for (int i = 0; i < n; i++)
		(void)loop_turn(loop, 10, NULL);
}

/* What the server says to it within the time: true if that is an answer, false if it is an end. */
static bool is_answered(int fd)
{
	int64_t end = __real_clock_now_ms() + WAIT_MS;
	char buf[512];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT)) < 0 && errno == EAGAIN) {
		assert_true(__real_clock_now_ms() < end);
		turns(1);
	}
	if (n <= 0)
		return false;
	buf[n] = '\0';
	assert_non_null(strstr(buf, "200 OK"));
	return true;
}

static void half_requests_keep_nobody_out(void **state)
{
	int fds[MANY], probe;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		fds[i] = client(HALF);
		turns(1);
	}
	probe = client(WHOLE);
	assert_true(is_answered(probe));
	assert_false(is_answered(fds[0])); /* it had to go */
	(void)close(probe);
	for (int i = 0; i < MANY; i++)
		(void)close(fds[i]);
}

/* All are there before the server looks: it answers each before another takes its place. */
static void a_whole_request_is_answered_whoever_else_knocks(void **state)
{
	int fds[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		fds[i] = client(i % 2 ? WHOLE : HALF);
	for (int i = 1; i < MANY; i += 2)
		assert_true(is_answered(fds[i]));
	for (int i = 0; i < MANY; i++)
		(void)close(fds[i]);
}

static void what_trickles_in_does_not_move_the_end(void **state)
{
	int fd = client(HALF);

	(void)state;
	turns(5);
	for (int i = 0; i < 4; i++) {
		ahead_ms += PLACES_REQUEST_MS / 5;
		assert_int_equal(send(fd, "X-a: b\r\n", 8, MSG_NOSIGNAL), 8);
		turns(5);
		assert_int_equal(recv(fd, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	}
	ahead_ms += PLACES_REQUEST_MS / 5;
	assert_false(is_answered(fd));
	(void)close(fd);
}

static void who_waits_makes_room_too(void **state)
{
	int fds[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		fds[i] = client(WAITS);
		while (n_waiting == i)
			turns(1);
	}
	assert_false(is_answered(fds[0]));
	connections_go_on(connections);
	assert_true(is_answered(fds[MANY - 1]));
	for (int i = 0; i < MANY; i++)
		(void)close(fds[i]);
}

static void one_connection_may_ask_again(void **state)
{
	int fd = client(WHOLE);

	(void)state;
	assert_true(is_answered(fd));
	assert_int_equal(send(fd, WAITS, strlen(WAITS), MSG_NOSIGNAL), strlen(WAITS));
	while (n_waiting == 0)
		turns(1);
	connections_go_on(connections);
	assert_true(is_answered(fd));
	turns(5); /* it is seen that the answer was taken */
	ahead_ms += PLACES_REQUEST_MS; /* idle for too long */
	assert_false(is_answered(fd));
	(void)close(fd);
}

#define connections_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		connections_test(half_requests_keep_nobody_out),
		connections_test(a_whole_request_is_answered_whoever_else_knocks),
		connections_test(what_trickles_in_does_not_move_the_end),
		connections_test(who_waits_makes_room_too),
		connections_test(one_connection_may_ask_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
