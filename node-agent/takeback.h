/* SPDX-License-Identifier: Apache-2.0 */
/* --cleanup: takes back everything that any run of the agent made on this node, from records and
 * pins alone. Needs no API and no valid config; can be repeated.
 */
#ifndef SMC_AGENT_TAKEBACK_H
#define SMC_AGENT_TAKEBACK_H

#include "node-agent/config/config.h"

/* -EBUSY: an agent runs (the message names its pid). Goes on after other errors, logs them, and
 * returns the first. config says where to look. */
int takeback_run(const struct config *config, struct err *err);

#endif
