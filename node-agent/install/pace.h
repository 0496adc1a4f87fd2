/* SPDX-License-Identifier: Apache-2.0 */
/* When the installer tries again: soon, then ever later; and when it gives up. Pure: times are
 * the caller's, CLOCK_MONOTONIC in ms. */
#ifndef SMC_AGENT_INSTALL_PACE_H
#define SMC_AGENT_INSTALL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define INSTALL_PACE_SETTLE_MS 200 /* from an event until the folder is looked at */
#define INSTALL_PACE_RETRY_MS 1000 /* after the first failure; doubled each time */
#define INSTALL_PACE_RETRY_MAX_MS (5 * 60 * 1000)
#define INSTALL_PACE_CHECK_MS (60 * 1000) /* when all is well */
#define INSTALL_PACE_WINDOW_MS (10 * 60 * 1000)
#define INSTALL_PACE_REPAIRS_MAX 6 /* in that time: then somebody fights with us */
#define INSTALL_PACE_REST_MS (60 * 60 * 1000) /* for so long */

struct install_pace { /* all zero: nothing happened yet */
	bool placed; /* it was all in place once */
	int failures; /* in a row */
	int repairs; /* in the window */
	int64_t window_end_ms;
	int64_t rest_end_ms; /* 0: not resting */
};

enum install_outcome {
	INSTALL_FAILED,
	INSTALL_WAS_RIGHT, /* nothing was to do */
	INSTALL_PUT, /* something was missing, and was put there */
};

/* Returns how long to wait for the next look. It has given up (until then) when
 * install_pace_rests(). */
int64_t install_pace_done(struct install_pace *p, enum install_outcome outcome, int64_t now_ms);
/* The same, when the folder changed. */
int64_t install_pace_event(const struct install_pace *p, int64_t now_ms);
bool install_pace_rests(const struct install_pace *p, int64_t now_ms);

#endif
