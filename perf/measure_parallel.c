/* SPDX-License-Identifier: Apache-2.0 */
/* Many connections: one thread here and one there, each connection with one request on the way; and
 * what memory they take that only wait. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "perf/measure.h"

#define BYTES 64
#define EVENTS 64

struct flow {
	int fd;
	uint32_t got; /* of the answer that is coming */
	uint64_t start_ns;
};

struct flows {
	int epoll_fd;
	uint32_t n;
	uint32_t waiting; /* how many have a request on the way */
	struct flow *flows;
	struct hist *hist;
};

static int *fds_new(uint32_t n)
{
	int *fds = malloc((n + 1) * sizeof(*fds));

	for (uint32_t i = 0; fds && i <= n; i++)
		fds[i] = -1;
	return fds;
}

static int ask(struct flows *all, struct flow *f)
{
	static const char request[BYTES];

	f->got = 0;
	f->start_ns = measure_now_ns();
	all->waiting++;
	return proto_send(f->fd, request, sizeof(request));
}

static int hear(struct flows *all, struct flow *f, uint64_t until_ns)
{
	char answer[BYTES];
	uint64_t now;
	ssize_t n = recv(f->fd, answer, sizeof(answer) - f->got, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	f->got += (uint32_t)n;
	if (f->got < BYTES)
		return 0;
	all->waiting--;
	now = measure_now_ns();
	hist_add(all->hist, now - f->start_ns);
	return now < until_ns ? ask(all, f) : 0;
}

/* Each flow asks, and asks again until the time is over; then the last answers are waited for. */
static int talk(struct flows *all, uint64_t until_ns)
{
	struct epoll_event events[EVENTS];
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < all->n; i++)
		r = ask(all, &all->flows[i]);
	while (r == 0 && all->waiting > 0) {
		int n = epoll_wait(all->epoll_fd, events, EVENTS, PROTO_TIMEOUT_S * 1000);

		if (n == 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; r == 0 && i < n; i++)
			r = hear(all, events[i].data.ptr, until_ns);
	}
	return r;
}

static int flows_init(struct flows *all, const int *fds, struct err *err)
{
	for (uint32_t i = 0; i < all->n; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all->flows[i] };

		all->flows[i].fd = fds[i];
		if (epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fds[i], &event) < 0)
			return err_sys(err, errno, "wait for %u connections", all->n);
	}
	return 0;
}

static int run(const struct bench *b, const int *fds, uint32_t n, struct sample *ret,
	       struct err *err)
{
	auto_close int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	auto_free struct flow *flow = calloc(n, sizeof(*flow));
	auto_free struct hist *hist = calloc(1, sizeof(*hist));
	struct flows all = { .epoll_fd = epoll_fd, .n = n, .flows = flow, .hist = hist };
	struct load before, after;
	uint64_t start;
	int r;

	if (epoll_fd < 0 || !flow || !hist)
		return err_sys(err, ENOMEM, "measure %u connections", n);
	r = flows_init(&all, fds, err);
	if (r == 0)
		r = measure_load(b, &before, err);
	if (r < 0)
		return r;
	start = measure_now_ns();
	r = talk(&all, start + (uint64_t)(b->seconds * 1e9));
	start = measure_now_ns() - start;
	if (r < 0)
		return err_sys(err, r, "talk over %u connections", n);
	r = measure_load(b, &after, err);
	if (r == 0)
		measure_fill(ret, hist, (double)hist->n, start, &before, &after);
	return r;
}

int measure_parallel(const struct bench *b, enum transport t, uint32_t n, struct sample *ret,
		     struct err *err)
{
	auto_free int *fds = fds_new(n);
	int r;

	if (!fds)
		return err_sys(err, ENOMEM, "measure %u connections", n);
	r = measure_open_many(b, t, PROTO_POOL, BYTES, fds, n, err);
	if (r == 0)
		r = verdict_of(t, fds, n, &ret->verdict, err);
	if (r == 0 && verdict_holds(t, &ret->verdict))
		r = run(b, fds, n, ret, err);
	measure_close(fds, n);
	return r;
}

/* One byte each way, so that both ends have accepted. */
static int touch(const int *fds, uint32_t n)
{
	char c = 'x';

	for (uint32_t i = 0; i < n; i++) {
		int r = proto_send(fds[i], &c, 1);

		if (r == 0)
			r = proto_recv(fds[i], &c, 1);
		if (r < 0)
			return r;
	}
	return 0;
}

int measure_memory(const struct bench *b, enum transport t, uint32_t n, struct sample *ret,
		   struct err *err)
{
	auto_free int *fds = fds_new(n);
	struct load before, after;
	int r = measure_load(b, &before, err);

	if (r < 0 || !fds)
		return r < 0 ? r : err_sys(err, ENOMEM, "measure memory");
	r = measure_open_many(b, t, PROTO_POOL, 1, fds, n, err);
	if (r == 0) {
		r = touch(fds, n);
		if (r < 0)
			r = err_sys(err, r, "talk over %u connections", n);
	}
	if (r == 0)
		r = measure_load(b, &after, err);
	if (r == 0)
		r = verdict_of(t, fds, n, &ret->verdict, err);
	if (r == 0)
		ret->values[METRIC_BYTES] =
			((double)after.used_bytes - (double)before.used_bytes) / n;
	measure_close(fds, n);
	return r;
}
