/* SPDX-License-Identifier: Apache-2.0 */
/* One thread that does what can wait, and a queue of work for it.
 *
 * Work runs in the order in which it was queued. When it has run it is handed back: worker_fd()
 * becomes readable, and worker_collect() calls each done() on the thread that collects. Work whose
 * deadline is over when its turn comes is not run: its rc is -ETIMEDOUT. After worker_add() the
 * caller does not touch the work until done(), which owns it.
 */
#ifndef SMC_AGENT_WORKER_H
#define SMC_AGENT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct work;
typedef int work_run_fn(struct work *w, void *run_arg, struct err *err); /* on the worker thread */
/* On the collecting thread; NULL done_arg: only free it. */
typedef void work_done_fn(struct work *w, void *done_arg);

struct work {
	int64_t deadline_ms; /* CLOCK_MONOTONIC; 0: none */
	int rc; /* what run returned */
	struct err err;
	work_run_fn *run; /* these are the worker's own */
	work_done_fn *done;
	struct work *next;
};

struct worker;

/* Starts the thread. run_arg is what run() gets: the thread's own state. All signals are blocked in
 * the thread. */
int worker_new(void *run_arg, struct worker **ret, struct err *err);
void worker_add(struct worker *worker, struct work *w, work_run_fn *run, work_done_fn *done);
int worker_fd(const struct worker *worker);
void worker_collect(struct worker *worker, void *done_arg);
/* How many are queued and have not begun. */
int worker_backlog(struct worker *worker);
/* True when nothing is queued, runs, or waits to be collected. */
bool worker_idle(struct worker *worker);
/* Ends the thread after the work that it is doing, waits for it at most timeout_ms, and frees all.
 * Queued work is not run, and done(w, NULL) is called for it. False: the thread is still at work,
 * and nothing was freed. */
bool worker_stop(struct worker *worker, int timeout_ms);

#endif
