/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/server.h"

#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "perf/pool.h"
#include "perf/proto.h"

#define STACK_BYTES (256 << 10)

static struct {
	bool has_smc;
	bool once;
} server;

static void echo(int fd, char *buffer, uint32_t size)
{
	while (proto_recv(fd, buffer, size) == 0 && proto_send(fd, buffer, size) == 0)
		;
}

static void sink(int fd, char *buffer)
{
	uint64_t total = 0;
	ssize_t n;

	while ((n = recv(fd, buffer, PROTO_SIZE_MAX, 0)) > 0)
		total += (uint64_t)n;
	total = htobe64(total);
	if (n == 0)
		(void)proto_send(fd, &total, sizeof(total));
}

/* The client's connection for questions lives as long as the client. */
static void inform(int fd)
{
	struct proto_info info;
	struct err err = ERR_INIT;
	char c;

	while (proto_recv(fd, &c, 1) == 0) {
		if (proto_info_fill(&info, server.has_smc, &err) < 0) {
			(void)fprintf(stderr, "smc-perf: %s\n", err.msg);
			break;
		}
		proto_info_swap(&info);
		if (proto_send(fd, &info, sizeof(info)) < 0)
			break;
	}
	if (server.once)
		exit(0);
}

static int greet(int fd, struct proto_hello *ret)
{
	struct err err = ERR_INIT;

	if (proto_timeouts(fd) < 0 || proto_recv(fd, ret, sizeof(*ret)) < 0)
		return -1;
	if (proto_hello_check(ret, &err) < 0) {
		(void)fprintf(stderr, "smc-perf: %s\n", err.msg);
		return -1;
	}
	/* Not of a UNIX socket. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return 0;
}

static void *serve(void *arg)
{
	auto_close int fd = (int)(intptr_t)arg;
	auto_free char *buffer = NULL;
	struct proto_hello hello;

	if (greet(fd, &hello) < 0)
		return NULL;
	buffer = malloc(hello.op == PROTO_SINK ? PROTO_SIZE_MAX : hello.size);
	if (!buffer)
		return NULL;
	switch ((enum proto_op)hello.op) {
	case PROTO_INFO:
		inform(fd);
		break;
	case PROTO_POOL:
		pool_add(TAKE_FD(fd), hello.size);
		break;
	case PROTO_ONCE:
		(void)proto_send(fd, "!", 1);
		break;
	case PROTO_SINK:
		sink(fd, buffer);
		break;
	case PROTO_ECHO:
		echo(fd, buffer, hello.size);
		break;
	}
	return NULL;
}

static void take(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	pthread_attr_t attr;
	pthread_t thread;

	if (fd < 0)
		return;
	if (pthread_attr_init(&attr) != 0 || pthread_attr_setstacksize(&attr, STACK_BYTES) != 0 ||
	    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) != 0 ||
	    pthread_create(&thread, &attr, serve, (void *)(intptr_t)fd) != 0) {
		(void)fprintf(stderr, "smc-perf: no thread for a connection\n");
		(void)close(fd);
	}
	(void)pthread_attr_destroy(&attr);
}

int server_run(const struct target *where, bool once, struct err *err)
{
	struct pollfd polls[3] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
	int r = pool_start(err);

	if (r < 0)
		return r;
	polls[0].fd = transport_listen(where, TRANSPORT_TCP, err);
	if (polls[0].fd < 0)
		return polls[0].fd;
	polls[1].fd = transport_listen(where, TRANSPORT_SMC, err);
	if (polls[1].fd == -EPROTONOSUPPORT)
		(void)fprintf(stderr, "smc-perf: serving without SMC: %s\n", err->msg);
	else if (polls[1].fd < 0)
		return polls[1].fd;
	if (where->local.sun_path[0]) {
		polls[2].fd = transport_listen(where, TRANSPORT_UNIX, err);
		if (polls[2].fd < 0)
			return polls[2].fd;
	}
	server.has_smc = polls[1].fd >= 0;
	server.once = once;
	(void)fprintf(stderr, "smc-perf: ready\n");
	for (;;) {
		for (size_t i = 0; i < ARRAY_SIZE(polls); i++)
			polls[i].events = POLLIN;
		if (poll(polls, ARRAY_SIZE(polls), -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "wait for clients");
		for (size_t i = 0; i < ARRAY_SIZE(polls); i++)
			if (polls[i].revents & (POLLIN | POLLERR))
				take(polls[i].fd);
	}
}
