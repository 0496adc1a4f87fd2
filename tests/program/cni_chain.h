/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the chained plugin share, on top of cni_world.h. */
#ifndef SMC_TESTS_CNI_CHAIN_H
#define SMC_TESTS_CNI_CHAIN_H

#include <stdbool.h>

#include "tests/program/cni_world.h"

/* The result of the plugin before ours, for a printf that gets the path of the pod's netns. */
#define CHAIN_PREV                                                                                     \
	",\"prevResult\":{\"cniVersion\":\"1.0.0\",\"x\":[1],\"interfaces\":[{\"name\":\"cni0\"},"     \
	"{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"sandbox\":\"%s\"}],\"ips\":[{\"address\":" \
	"\"10.1.0.2/24\",\"interface\":1}],\"dns\":{}}"
#define CHAIN_TIMEOUT ",\"agentTimeoutMs\":300"

/* An agent that steers what it is asked to steer. */
extern const struct world_reply chain_good[];

/* A configuration behind another plugin, with these members at its end. Valid until the next
 * call. */
const char *chain_conf(const char *members);
/* The request of pod 0 waits for the agent. */
bool chain_is_pending(void);
/* The verb succeeds with that many lines on stderr. */
void chain_ok(const char *command, const char *conf, int lines);

#endif
