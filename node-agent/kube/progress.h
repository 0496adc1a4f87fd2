/* SPDX-License-Identifier: Apache-2.0 */
/* How far a list and watch has come, and what is to be done next. Pure: time and chance come from
 * outside.
 *
 *   LIST (page after page) -> WATCH from the list's version -> WATCH from the last one seen -> ...
 *   version gone (410), malformed, or nothing works any more -> LIST
 */
#ifndef SMC_AGENT_KUBE_PROGRESS_H
#define SMC_AGENT_KUBE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "node-agent/object/kube_object.h"

#define KUBE_BACKOFF_MIN_MS 250
#define KUBE_BACKOFF_MAX_MS 30000
#define KUBE_RETRY_AFTER_MAX_MS 300000 /* a server that asks for more does not get it */
#define KUBE_FRUITLESS_MAX 4 /* watches in a row that brought nothing: the list is asked again */

enum kube_phase { KUBE_LIST, KUBE_WATCH };

struct kube_progress { /* all zero: at the start */
	enum kube_phase phase; /* what is to be done, or under way */
	char version[KUBE_VERSION_MAX]; /* WATCH: from here */
	int failures; /* in a row */
	uint64_t restarts; /* began anew because something went wrong */
};

/* How a request ended. */
struct kube_outcome {
	int status; /* of HTTP; 0: no answer */
	bool whole; /* the answer came to its end */
	bool gone; /* the version is too old: 410, as status or as an event */
	bool malformed;
	/* LIST: a page was taken over; WATCH: an event or bookmark came, or it lasted. */
	bool fruitful;
	bool more; /* LIST: there is another page */
	int64_t retry_after_ms; /* 0: not said */
};

/* Sets the phase that comes next and returns in how many ms; random: any number. */
int64_t kube_progress_next(struct kube_progress *p, const struct kube_outcome *o, uint32_t random);

#endif
