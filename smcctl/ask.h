/* SPDX-License-Identifier: Apache-2.0 */
/* A question to the agent, answered in several messages, the last of which has "end". */
#ifndef SMC_SMCCTL_ASK_H
#define SMC_SMCCTL_ASK_H

#include <jansson.h>

#include "common/err.h"
#include "smcctl/ctl.h"

#define ASK_TIMEOUT_MS 10000 /* for the whole answer */

/* Asks for the verb, and has take() put each message into `answer`. Texts are harmless by then.
 * -EPROTO: take() found something that is not there, or of another kind. */
typedef int ask_take_fn(json_t *answer, const json_t *msg, struct err *err);
int ask_agent(const char *socket_path, const char *verb, int timeout_ms, ask_take_fn *take,
	      json_t *answer, struct err *err);

/* Says on stderr that the agent could not be asked, and what to look at. */
enum ctl_exit ask_failed(int rc, const struct err *err);

#endif
