/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime tells, put into a table of sandboxes. */
#ifndef SMC_NRI_TOLD_H
#define SMC_NRI_TOLD_H

#include "node-agent/model/sandbox.h"
#include "node-agent/nri/nri.pb-c.h"

enum told_event { /* NRI's numbers of its events */
		  TOLD_RUN_POD = 1,
		  TOLD_STOP_POD = 2,
		  TOLD_REMOVE_POD = 3,
		  TOLD_CREATE = 4,
		  TOLD_START = 6,
		  TOLD_STOP = 10,
		  TOLD_REMOVE = 11,
};

/* pod and container may be NULL. False: it could not be kept. */
bool told_event(struct sandbox_table *t, int event, const Nri__PodSandbox *pod,
		const Nri__Container *container);
/* One message of several. False: not all of it could be kept. */
bool told_all(struct sandbox_table *t, const Nri__SynchronizeRequest *all);

#endif
