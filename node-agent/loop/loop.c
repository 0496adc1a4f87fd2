/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"

#define EVENTS_MAX 64

struct loop {
	int epoll_fd;
	bool stop;
	struct loop_timer *timers;
	/* What epoll_wait() gave and was not handed out yet. A watch that goes away is struck out
	 * here. */
	struct epoll_event events[EVENTS_MAX];
	int n_events, next_event;
};

int loop_new(struct loop **ret, struct err *err)
{
	auto_free struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return err_sys(err, ENOMEM, "create event loop");
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return err_sys(err, errno, "create event loop");
	*ret = TAKE_PTR(loop);
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	(void)close(loop->epoll_fd);
	free(loop);
}

int loop_watch(struct loop *loop, struct loop_watch *w, uint32_t events, struct err *err)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) < 0)
		return err_sys(err, errno, "watch descriptor %d", w->fd);
	w->events = events;
	return 0;
}

int loop_rewatch(struct loop *loop, struct loop_watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (w->events == events)
		return 0;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev) < 0)
		return -errno;
	w->events = events;
	return 0;
}

void loop_unwatch(struct loop *loop, struct loop_watch *w)
{
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = loop->next_event; i < loop->n_events; i++) {
		if (loop->events[i].data.ptr == w)
			loop->events[i].data.ptr = NULL;
	}
}

static int next_timeout(const struct loop *loop)
{
	int64_t now = clock_now_ms(), first = INT64_MAX;

	for (const struct loop_timer *t = loop->timers; t; t = t->next) {
		if (t->due_ms < first)
			first = t->due_ms;
	}
	if (first == INT64_MAX)
		return -1;
	if (first <= now)
		return 0;
	return first - now > INT32_MAX ? INT32_MAX : (int)(first - now);
}

static void link_timer(struct loop_timer **head, struct loop_timer *t)
{
	t->next = *head;
	t->link = head;
	if (t->next)
		t->next->link = &t->next;
	*head = t;
}

static void unlink_timer(struct loop_timer *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
}

void loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ms)
{
	loop_disarm(t);
	t->due_ms = due_ms;
	link_timer(&loop->timers, t);
}

void loop_disarm(struct loop_timer *t)
{
	if (!t->due_ms)
		return;
	unlink_timer(t);
	t->due_ms = 0;
}

/* Timers that are due are put aside first. One that is armed again while they fire, even for now,
 * has its turn after what has come in meanwhile. A timer that fires may disarm others. */
static bool fire_timers(struct loop *loop)
{
	struct loop_timer *due = NULL, *next;
	int64_t now = clock_now_ms();
	bool fired = false;

	for (struct loop_timer *t = loop->timers; t; t = next) {
		next = t->next;
		if (t->due_ms > now)
			continue;
		unlink_timer(t);
		link_timer(&due, t);
	}
	while (due) {
		struct loop_timer *t = due;

		loop_disarm(t);
		t->fn(t->arg);
		fired = true;
	}
	return fired;
}

static void hand_out(struct loop *loop)
{
	while (loop->next_event < loop->n_events) {
		struct epoll_event *ev = &loop->events[loop->next_event++];
		struct loop_watch *w = ev->data.ptr;

		if (w)
			w->fn(w->arg, ev->events);
	}
}

int loop_turn(struct loop *loop, int max_ms, struct err *err)
{
	int timeout = next_timeout(loop);
	int n;

	if (max_ms >= 0 && (timeout < 0 || timeout > max_ms))
		timeout = max_ms;
	n = epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, timeout);
	if (n < 0 && errno != EINTR)
		return err_sys(err, errno, "wait for events");
	loop->n_events = n < 0 ? 0 : n;
	loop->next_event = 0;
	hand_out(loop);
	return fire_timers(loop) || loop->n_events > 0;
}

int loop_run(struct loop *loop, struct err *err)
{
	while (!loop->stop) {
		int r = loop_turn(loop, -1, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}
