/* SPDX-License-Identifier: Apache-2.0 */
/* Policy: what a pod asks for, what its namespace and its node say, and what comes of it. Pure: no
 * I/O, no clock. */
#ifndef SMC_AGENT_POLICY_H
#define SMC_AGENT_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/steer.h"
#include "common/smc_nl.h"
#include "node-agent/config/config.h"
#include "node-agent/model/conflict.h"
#include "node-agent/model/containers.h"
#include "node-agent/model/peers.h"

/* What the node can do; from node.h's facts. */
struct policy_node {
	bool steering; /* hook attached, SMC registered, and SELinux does not stand in the way */
	bool ueid; /* a UEID is present */
	bool ulp_unsafe; /* the kernel still has TCP_ULP "smc" */
	char why_not[256]; /* when steering or ueid is false: the sentence for status */
};

struct policy_pod {
	const char *namespace; /* "" if unknown */
	const char *name;
	const char *uid; /* as the runtime has it; NULL or "": none */
	bool host_network;
	bool own; /* the agent's own pod: node and namespace defaults never apply to it */
	const json_t *annotations; /* object or NULL: the source's, else what ADD brought */
	const json_t *namespace_annotations; /* object or NULL */
	bool unknown; /* what the pod says is not known (yet) */
	bool namespace_unknown; /* what its namespace says */
	/* Its containers, as containers.h has them; each NULL: not known. */
	const char *containers_known, *containers_told;
	/* Why no container of it can be told from the others, NULL: it can, now or later. */
	const char *containers_never;
	const struct conflicts *conflicts; /* what was found in it; NULL: nothing */
};

enum policy_steer {
	POLICY_DISABLED,
	POLICY_ENABLED,
	POLICY_REQUIRED,
};

/* Who decided. */
enum policy_origin {
	POLICY_FROM_DEFAULT,
	POLICY_FROM_NODE,
	POLICY_FROM_NAMESPACE,
	POLICY_FROM_POD,
};

#define POLICY_WHY_MAX 512

struct policy_verdict {
	enum policy_steer wanted;
	enum policy_origin origin;
	bool steer; /* in force: wanted, allowed and possible here */
	bool invalid; /* a bad annotation value: why names key, value and what is allowed */
	bool unavailable; /* wanted and allowed, but the node cannot: why says what is missing */
	bool unknown; /* unavailable: it depends on what is not known (yet) */
	bool left_out; /* by `percent`: nothing that anybody should act on */
	bool refuse; /* required, and not possible: ADD must fail with code 11 */
	enum steer_ulp ulp; /* this and what follows: only when steer is true */
	/* Only the containers that policy_containers() names. */
	bool named;
	char stray[CONTAINERS_NAME_MAX]; /* a name among those that no container has; "" = none */
	char pnet_id[SMC_PNET_ID_MAX + 1]; /* "" = the node's own choice by pnets */
	int64_t buffer_bytes; /* 0: not set */
	char why[POLICY_WHY_MAX]; /* one sentence, for status and logs */
};

void policy_decide(const struct config *config, const struct policy_node *node,
		   const struct policy_pod *pod, struct policy_verdict *ret);

/* The annotation that narrows the agent's peers: of the pod, else of its namespace, whose it stays;
 * NULL: neither says anything. */
const char *policy_peers(const struct config *config, const struct policy_pod *pod);

/* The annotation that names containers, which stays the pod's; NULL: it names none. */
const char *policy_containers(const struct config *config, const struct policy_pod *pod);

/* True when a pod of this namespace that says nothing itself must not start without steering,
 * because the namespace's annotation or label says `required` (whether limits allow it or not:
 * required is never weakened in silence). */
bool policy_namespace_required(const char *name, const json_t *annotations);

const char *policy_steer_text(enum policy_steer s);
const char *policy_origin_text(enum policy_origin o);

#endif
