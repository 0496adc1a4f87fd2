/* SPDX-License-Identifier: Apache-2.0 */
/* --cleanup: by hand once, or as a DaemonSet that may stand beside the agents' one, whatever
 * applied it. Each function returns the process's exit status.
 */
#ifndef SMC_AGENT_LEAVE_H
#define SMC_AGENT_LEAVE_H

#include <stdbool.h>

struct leave {
	const char *config; /* a file's path */
	const char *gone; /* the DaemonSet that is known to have no agents; NULL: ask for it */
	const char *mark; /* the file that says when the node is clean; NULL: none */
};

/* Refused while an agent runs. A config that is bad or not there is no obstacle. */
int leave_once(const char *config_path);

/* Waits until the API server says that $DAEMONSET_NAME is gone, cleans up, again until all is
 * clean, then waits for SIGTERM. It asks anew before each try: until then, agents may be back. */
int leave_and_stay(const struct leave *l);

bool leave_is_marked(const char *mark);

#endif
