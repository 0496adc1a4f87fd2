/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"

#define EVENTS 64

struct member {
	int fd;
	uint32_t size;
	uint32_t got; /* of the message that is coming */
	char message[POOL_SIZE_MAX];
};

static int epoll_fd = -1;

static void end(struct member *m)
{
	(void)close(m->fd); /* which takes it out of the set */
	free(m);
}

/* A message of 4 KiB at most finds room in the socket: the client waits for it, with no other on
 * the way. */
static int answer(struct member *m)
{
	m->got = 0;
	return send(m->fd, m->message, m->size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)m->size ?
		       0 :
		       -1;
}

static void serve(struct member *m)
{
	ssize_t n = recv(m->fd, m->message + m->got, m->size - m->got, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		end(m);
		return;
	}
	m->got += (uint32_t)n;
	if (m->got == m->size && answer(m) < 0)
		end(m);
}

static void *run(void *unused)
{
	struct epoll_event events[EVENTS];

	(void)unused;
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			serve(events[i].data.ptr);
	}
	return NULL;
}

int pool_start(struct err *err)
{
	pthread_t thread;
	int r;

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return err_sys(err, errno, "make an epoll descriptor");
	r = pthread_create(&thread, NULL, run, NULL);
	if (r != 0)
		return err_sys(err, r, "start a thread");
	(void)pthread_detach(thread);
	return 0;
}

void pool_add(int fd, uint32_t size)
{
	struct member *m = size <= POOL_SIZE_MAX ? calloc(1, sizeof(*m)) : NULL;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = m };

	if (!m) {
		(void)close(fd);
		return;
	}
	m->fd = fd;
	m->size = size;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		end(m);
}
