/* One ADD or DEL of a pod's interface at a time, and none while an IPAM plugin still works for one that
 * was killed: what that leases after the DEL nobody would give back.
 *
 * The lock is on the pod's network namespace itself (flock; no file to make, place or leave behind), and
 * what the plugin starts inherits it. A pod that is gone has none.
 */
#ifndef SMC_PLUGIN_PODLOCK_H
#define SMC_PLUGIN_PODLOCK_H

#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"

/* -EBUSY when it is not to be had until then (as clock_now_ms()). netns_fd is inherited from here on. */
int podlock_take(int netns_fd, int64_t deadline_ms, struct err *err);
/* For all who have inherited it: an IPAM plugin may leave a process running. */
void podlock_drop(int netns_fd);

#endif
