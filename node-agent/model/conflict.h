/* SPDX-License-Identifier: Apache-2.0 */
/* What steering would break in a pod, as the worker has seen it and the policy counts it. Pure. */
#ifndef SMC_AGENT_MODEL_CONFLICT_H
#define SMC_AGENT_MODEL_CONFLICT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "node-agent/config/config.h"

#define CONFLICT_WHAT_MAX 128

enum conflict_kind {
	/* Netfilter rules of the pod's namespace that match the owner of a socket: the TCP socket
	 * inside of an SMC socket has none while it connects, so a proxy's own traffic is led back
	 * to the proxy. */
	CONFLICT_OWNER_RULES,
	/* A sock_ops program is effective on the pod's cgroup: one that puts the children of an SMC
	 * listener into a sockmap reads out of bounds in kernels without the fix. */
	CONFLICT_SOCK_OPS,
	CONFLICT_N_KINDS,
};

enum conflict_answer {
	CONFLICT_UNSEEN, /* nobody has looked */
	CONFLICT_NO,
	CONFLICT_YES, /* `what` is what was found */
	CONFLICT_DOUBT, /* it could not be asked: `what` says why */
};

struct conflict {
	enum conflict_answer answer;
	char what[CONFLICT_WHAT_MAX];
};

struct conflicts { /* all zero: nobody has looked */
	struct conflict of[CONFLICT_N_KINDS];
};

/* What a probe has said: found (rc > 0, `what`), not found (0), or not to be told (-errno, err). */
void conflict_set(struct conflict *c, int rc, const char *what, const struct err *err);

/* What a look has brought, on top of what is known: what was not looked for stays, and so does a
 * yes of before what could not be asked. True if anything is new. */
bool conflicts_take(struct conflicts *known, const struct conflicts *look);

/* What could not be asked takes no pod off SMC that is steered: it is as if nobody had looked. */
void conflicts_drop_doubts(struct conflicts *look);

/* NULL, or the first one that keeps the pod on TCP. named: only those containers are steered that
 * the pod names, and a proxy is not among them. */
const struct conflict *conflicts_forbidding(const struct config *config, const struct conflicts *c,
					    bool named);

/* The same as the cause of a sentence; false, and nothing is written: there is none. */
bool conflicts_forbid(const struct config *config, const struct conflicts *c, bool named, char *buf,
		      size_t size);

#endif
