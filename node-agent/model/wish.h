/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be in force for one attachment: a verdict of policy, made concrete. Pure. */
#ifndef SMC_AGENT_WISH_H
#define SMC_AGENT_WISH_H

#include <jansson.h>
#include <stdbool.h>

#include "bpf/steer.h"
#include "common/podnet.h"
#include "common/text.h"
#include "common/wire.h"
#include "node-agent/config/config.h"
#include "node-agent/model/containers.h"
#include "node-agent/model/facts.h"
#include "node-agent/model/policy.h"

#define WISH_ADDRS_MAX 4

/* A pod's addresses for the host's side of SMC-R. */
struct wish_addrs {
	int n_addrs; /* IPv4 only: SMC-R v2 clients fall back on IPv6 before 7.x */
	struct inet_addr addrs[WISH_ADDRS_MAX]; /* with the prefix length of the pod's interface */
};

/* What other attachments are going to need of what one has. */
struct wish_shared {
	bool entry; /* the map entry of the netns */
	bool programs; /* the programs on the cgroup */
	bool host; /* the host's shared part */
	bool addrs[WISH_ADDRS_MAX]; /* the host's part for that one of wish_host_addrs() */
};

struct wish {
	bool steer; /* the map entry is on */
	/* Of these containers alone: `wanted` of containers.h; NULL: of all the pod. */
	struct text *containers;
	bool offer; /* the offer programs on the pod's interfaces, and its rules */
	struct text *peers; /* the annotation that narrows the agent's peers; NULL: none does */
	bool host; /* the host's side of SMC-R for the pod's addresses */
	bool programs; /* on the pod's cgroup */
	enum steer_ulp ulp; /* STEER_ULP_IGNORE while not steered */
	struct podnet netns; /* what the netns needs; of every pod, opted in or not */
};

/* What a wish is made of. */
struct wish_source {
	const struct config *config;
	const struct facts *facts;
	const struct wire_prepare *req;
	const struct policy_verdict *verdict;
	const char *peers; /* policy_peers() */
	struct text *containers; /* containers_want(), if verdict->named; else NULL; borrowed */
	/* What is there already and stays as long as the pod, steered or not: open SMC-R
	 * connections go over the host's side, and the offer is closed to listeners from before. */
	bool had_host, had_offer;
};

/* *ret is a wish already, or all zero. -ENOMEM: it is one for nothing. */
int wish_make(const struct wish_source *from, struct wish *ret);
void wish_copy(struct wish *to, const struct wish *from); /* as above */
void wish_clear(struct wish *w); /* all zero again */
/* Becomes a wish for TCP; what stays as long as the pod (before: what is in force) stays. */
void wish_unsteer(struct wish *w, const struct wish *before);
bool wish_is_empty(const struct wish *w); /* nothing is to be done for the pod */
bool wish_equal(const struct wish *a, const struct wish *b);
bool wish_same_netns(const struct podnet *a, const struct podnet *b);
/* The addresses for the host's side: the pod's IPv4 ones, always the same for one request. */
void wish_host_addrs(const struct wire_prepare *req, struct wish_addrs *ret);

json_t *wish_to_json(const struct wish *w);
/* *ret is written, for wish_clear(), on success only. */
int wish_from_json(const json_t *obj, struct wish *ret, struct err *err);

#endif
