/* SPDX-License-Identifier: Apache-2.0 */
/* Room loop/: the event loop, and the worker thread with its queue of jobs.
 * Thread: loop.h is the loop's alone; worker.h says which call belongs to which thread.
 * Never: knows what is watched or done; it has no word of pods.
 */

/* The agent's loop: descriptors to poll and timers. One thread; nothing here waits but loop_run. */
#ifndef SMC_AGENT_LOOP_H
#define SMC_AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct loop;

/* A descriptor to poll, embedded in its owner. fn may remove any watch, its own too. */
struct loop_watch {
	int fd; /* borrowed */
	void (*fn)(void *arg, uint32_t events); /* EPOLLIN, ... */
	void *arg;
	uint32_t events; /* as last asked for; the loop's own */
};

/* Called once when due; arm it again for more. Zeroed = not armed. */
struct loop_timer {
	int64_t due_ms; /* CLOCK_MONOTONIC; 0: not armed */
	void (*fn)(void *arg);
	void *arg;
	struct loop_timer *next; /* the loop's own */
	struct loop_timer **link;
};

int loop_new(struct loop **ret, struct err *err);
void loop_free(struct loop *loop); /* NULL is fine; watches and timers are their owners' */

int loop_watch(struct loop *loop, struct loop_watch *w, uint32_t events, struct err *err);
int loop_rewatch(struct loop *loop, struct loop_watch *w, uint32_t events);
void loop_unwatch(struct loop *loop, struct loop_watch *w); /* before its fd is closed */

void loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ms);
void loop_disarm(struct loop_timer *t);

/* Until loop_stop(). */
int loop_run(struct loop *loop, struct err *err);
/* One turn: waits for events and timers at most max_ms (-1: as long as it takes) and hands out what
 * is there. 1: there was something; 0: nothing. */
int loop_turn(struct loop *loop, int max_ms, struct err *err);
void loop_stop(struct loop *loop);

#endif
