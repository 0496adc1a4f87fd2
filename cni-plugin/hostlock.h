/* What the plugin's processes on one node must not do at once: a lock on the node's network namespace
 * itself (flock; no file to make, place or leave behind). Its users are of two kinds and share it: who
 * looks after a bridge (bridge.h), and who lends a device (hostdev.h). Held only for some requests to
 * the kernel.
 */
#ifndef SMC_PLUGIN_HOSTLOCK_H
#define SMC_PLUGIN_HOSTLOCK_H

#include "common/err.h"

/* mode: as flock(2). Returns a descriptor to close, which no program that is started inherits. Who has
 * it must not take it again: that would wait for itself. */
int hostlock_take(int mode, struct err *err);

#endif
