/* SPDX-License-Identifier: Apache-2.0 */
/* Order, deadlines, and the end, with a real thread. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node-agent/loop/worker.h"

struct seen {
	int order[64];
	int n;
	int timed_out;
	int dropped;
};

struct item {
	struct work work;
	struct seen *dropped; /* where done(NULL) counts */
	int number;
};

#define END_MS 60000 /* nothing takes as long, but for a fault */
#define GATED 49 /* ends once the gate is open */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct seen ran, dropped;

static int run(struct work *w, void *arg, struct err *err)
{
	struct item *item = (struct item *)w;
	struct seen *seen = arg;

	if (item->number == GATED) {
		(void)pthread_mutex_lock(&gate);
		(void)pthread_mutex_unlock(&gate);
	}
	seen->order[seen->n++] = item->number;
	return item->number == 7 ? err_set(err, -EIO, "seven") : 0;
}

static void done(struct work *w, void *arg)
{
	struct item *item = (struct item *)w;
	struct seen *seen = arg;

	if (!seen) {
		item->dropped->dropped++;
	} else if (w->rc == -ETIMEDOUT) {
		seen->timed_out++;
	} else {
		assert_int_equal(w->rc, item->number == 7 ? -EIO : 0);
		assert_string_equal(w->err.msg, item->number == 7 ? "seven" : "");
		seen->order[seen->n++] = item->number;
	}
	free(item);
}

static void add(struct worker *worker, int number, int64_t deadline_ms)
{
	struct item *item = calloc(1, sizeof(*item));

	assert_non_null(item);
	item->work = (struct work){ .deadline_ms = deadline_ms };
	item->dropped = &dropped;
	item->number = number;
	worker_add(worker, &item->work, run, done);
}

static struct worker *start(void)
{
	struct worker *worker;
	struct err err;

	ran = dropped = (struct seen){ .n = 0 };
	assert_int_equal(worker_new(&ran, &worker, &err), 0);
	return worker;
}

static void collect(struct worker *worker, struct seen *seen, int n)
{
	struct pollfd p = { .fd = worker_fd(worker), .events = POLLIN };

	while (seen->n + seen->timed_out < n) {
		assert_int_equal(poll(&p, 1, 10000), 1);
		worker_collect(worker, seen);
	}
}

static void work_runs_and_comes_back_in_the_order_it_was_queued(void **state)
{
	struct worker *worker = start();
	struct seen back = { .n = 0 };

	(void)state;
	for (int i = 0; i < 50; i++)
		add(worker, i, 0);
	collect(worker, &back, 50);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(ran.order[i], i);
		assert_int_equal(back.order[i], i);
	}
	assert_true(worker_idle(worker));
	assert_true(worker_stop(worker, END_MS));
}

/* Until so many have not begun. */
static void await_backlog(struct worker *worker, int n)
{
	int64_t deadline = clock_now_ms() + END_MS;

	while (worker_backlog(worker) != n && clock_now_ms() < deadline)
		(void)usleep(1000);
	assert_int_equal(worker_backlog(worker), n);
}

static void what_has_not_begun_is_the_backlog(void **state)
{
	struct worker *worker = start();
	struct seen back = { .n = 0 };

	(void)state;
	(void)pthread_mutex_lock(&gate);
	add(worker, GATED, 0);
	for (int i = 0; i < 4; i++)
		add(worker, i, 0);
	await_backlog(worker, 4);
	(void)pthread_mutex_unlock(&gate);
	collect(worker, &back, 5);
	assert_int_equal(worker_backlog(worker), 0);
	assert_true(worker_stop(worker, END_MS));
}

static void work_that_comes_too_late_is_not_run(void **state)
{
	struct worker *worker = start();
	struct seen back = { .n = 0 };
	int64_t too_late;

	(void)state;
	(void)pthread_mutex_lock(&gate);
	add(worker, GATED, 0);
	await_backlog(worker, 0);
	too_late = clock_now_ms() + 1;
	add(worker, 2, too_late);
	add(worker, 3, clock_now_ms() + 10 * END_MS);
	add(worker, 4, 0);
	while (clock_now_ms() <= too_late)
		(void)usleep(1000);
	(void)pthread_mutex_unlock(&gate);
	collect(worker, &back, 4);
	assert_int_equal(back.timed_out, 1);
	assert_int_equal(ran.n, 3);
	assert_int_equal(ran.order[0], GATED);
	assert_int_equal(ran.order[1], 3);
	assert_int_equal(ran.order[2], 4);
	assert_true(worker_stop(worker, END_MS));
}

static void a_stop_drops_what_is_queued_and_waits_no_longer_than_told(void **state)
{
	struct worker *worker = start();

	(void)state;
	(void)pthread_mutex_lock(&gate);
	add(worker, GATED, 0);
	add(worker, 2, 0);
	await_backlog(worker, 1);
	assert_false(worker_idle(worker));
	assert_false(worker_stop(worker, 20));
	(void)pthread_mutex_unlock(&gate);
	assert_true(worker_stop(worker, END_MS));
	assert_int_equal(ran.n, 1);
	assert_int_equal(dropped.dropped, 2); /* one ran and was not collected */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_runs_and_comes_back_in_the_order_it_was_queued),
		cmocka_unit_test(what_has_not_begun_is_the_backlog),
		cmocka_unit_test(work_that_comes_too_late_is_not_run),
		cmocka_unit_test(a_stop_drops_what_is_queued_and_waits_no_longer_than_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
