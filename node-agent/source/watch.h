/* SPDX-License-Identifier: Apache-2.0 */
/* Watches a folder that may come, go and come again, by inotify. Loop thread.
 *
 * While the folder is not there its nearest ancestor that is there is watched. Changes of the
 * folder's inode (removed and made again, moved away, a link on the way that points elsewhere)
 * are noticed when the folder or that ancestor tells, and by source_watch_renew().
 */
#ifndef SMC_AGENT_SOURCE_WATCH_H
#define SMC_AGENT_SOURCE_WATCH_H

#include <stdbool.h>

#include "common/err.h"

struct source_watch;

enum source_event {
	SOURCE_WRITING, /* somebody writes into the file, and has not closed it */
	SOURCE_WRITTEN, /* the file is whole: closed, moved here, made; or it is gone */
	SOURCE_ALL, /* anything may have changed; name is "" */
};

typedef void source_event_fn(void *arg, enum source_event event, const char *name);

int source_watch_open(const char *folder, struct source_watch **ret, struct err *err);
void source_watch_close(struct source_watch *w); /* NULL is fine */
/* To poll for reading; the same for the watch's life. */
int source_watch_fd(const struct source_watch *w);

/* Tells all events that are there, without waiting. The kernel's queue is read to its end. */
void source_watch_read(struct source_watch *w, source_event_fn *event, void *arg);

/* Watches the folder that has the name now. True if it was not that one before (its content is to
 * be read again). */
bool source_watch_renew(struct source_watch *w);

#endif
