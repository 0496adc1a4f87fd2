/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/loop/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"

struct queue {
	struct work *first, **last;
	int n;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct queue todo, finished; /* under the lock, like the flags */
	bool running, stop, ended;
	int event_fd; /* counts finished work */
	void *run_arg;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
	q->n = 0;
}

static void queue_put(struct queue *q, struct work *w)
{
	w->next = NULL;
	*q->last = w;
	q->last = &w->next;
	q->n++;
}

static struct work *queue_take(struct queue *q)
{
	struct work *w = q->first;

	if (!w)
		return NULL;
	q->first = w->next;
	if (!q->first)
		q->last = &q->first;
	q->n--;
	return w;
}

static void run_one(struct worker *worker, struct work *w)
{
	if (w->deadline_ms && clock_now_ms() >= w->deadline_ms)
		w->rc = err_set(
			&w->err, -ETIMEDOUT,
			"the agent was busy with other work until the time for this was over");
	else
		w->rc = w->run(w, worker->run_arg, &w->err);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	(void)pthread_mutex_lock(&worker->lock);
	for (;;) {
		struct work *w = NULL;

		while (!worker->stop && !(w = queue_take(&worker->todo)))
			(void)pthread_cond_wait(&worker->changed, &worker->lock);
		if (!w)
			break;
		worker->running = true;
		(void)pthread_mutex_unlock(&worker->lock);
		run_one(worker, w);
		(void)pthread_mutex_lock(&worker->lock);
		worker->running = false;
		queue_put(&worker->finished, w);
		(void)pthread_mutex_unlock(&worker->lock);
		(void)eventfd_write(worker->event_fd, 1); /* whom it wakes wants the lock */
		(void)pthread_mutex_lock(&worker->lock);
	}
	worker->ended = true;
	(void)pthread_cond_broadcast(&worker->changed);
	(void)pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static int start_thread(struct worker *worker)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&worker->thread, NULL, worker_main, worker);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

int worker_new(void *run_arg, struct worker **ret, struct err *err)
{
	auto_free struct worker *worker = calloc(1, sizeof(*worker));
	auto_close int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_condattr_t attr;
	int r;

	if (!worker)
		return err_sys(err, ENOMEM, "start worker thread");
	if (event_fd < 0)
		return err_sys(err, errno, "start worker thread: eventfd");
	worker->run_arg = run_arg;
	queue_init(&worker->todo);
	queue_init(&worker->finished);
	(void)pthread_mutex_init(&worker->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&worker->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	worker->event_fd = event_fd;
	r = start_thread(worker);
	if (r)
		return err_sys(err, r, "start worker thread");
	event_fd = -1;
	*ret = TAKE_PTR(worker);
	return 0;
}

void worker_add(struct worker *worker, struct work *w, work_run_fn *run, work_done_fn *done)
{
	w->run = run;
	w->done = done;
	(void)pthread_mutex_lock(&worker->lock);
	queue_put(&worker->todo, w);
	(void)pthread_mutex_unlock(&worker->lock);
	(void)pthread_cond_signal(&worker->changed); /* whom it wakes wants the lock */
}

int worker_fd(const struct worker *worker)
{
	return worker->event_fd;
}

void worker_collect(struct worker *worker, void *done_arg)
{
	struct queue finished;
	struct work *w;
	eventfd_t count;

	(void)eventfd_read(worker->event_fd, &count);
	queue_init(&finished);
	(void)pthread_mutex_lock(&worker->lock);
	while ((w = queue_take(&worker->finished)))
		queue_put(&finished, w);
	(void)pthread_mutex_unlock(&worker->lock);
	while ((w = queue_take(&finished)))
		w->done(w, done_arg);
}

int worker_backlog(struct worker *worker)
{
	int n;

	(void)pthread_mutex_lock(&worker->lock);
	n = worker->todo.n;
	(void)pthread_mutex_unlock(&worker->lock);
	return n;
}

bool worker_idle(struct worker *worker)
{
	bool idle;

	(void)pthread_mutex_lock(&worker->lock);
	idle = !worker->todo.first && !worker->running && !worker->finished.first;
	(void)pthread_mutex_unlock(&worker->lock);
	return idle;
}

/* True once the thread has left its loop. */
static bool wait_for_end(struct worker *worker, int timeout_ms)
{
	int64_t due = clock_now_ms() + timeout_ms;
	struct timespec ts = { .tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000 };
	bool ended;

	(void)pthread_mutex_lock(&worker->lock);
	worker->stop = true;
	(void)pthread_cond_broadcast(&worker->changed);
	while (!worker->ended && pthread_cond_timedwait(&worker->changed, &worker->lock, &ts) == 0)
		;
	ended = worker->ended;
	(void)pthread_mutex_unlock(&worker->lock);
	return ended;
}

bool worker_stop(struct worker *worker, int timeout_ms)
{
	struct work *w;

	if (!wait_for_end(worker, timeout_ms))
		return false;
	(void)pthread_join(worker->thread, NULL);
	while ((w = queue_take(&worker->finished)) || (w = queue_take(&worker->todo)))
		w->done(w, NULL);
	(void)pthread_cond_destroy(&worker->changed);
	(void)pthread_mutex_destroy(&worker->lock);
	(void)close(worker->event_fd);
	free(worker);
	return true;
}
