/* SPDX-License-Identifier: Apache-2.0 */
/* What the node can do, as a table: a new fact is one member, one row and one probe (node/facts.c).
 * The worker finds facts out, the loop has a copy. Pure. */
#ifndef SMC_AGENT_FACTS_H
#define SMC_AGENT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/rdma_nl.h"
#include "common/smc_nl.h"

#define FACTS_WHY_MAX 256
#define FACTS_UEIDS_MAX 4 /* the kernel's own limit */
#define FACTS_PORTS_MAX 16 /* more are not shown */

struct fact { /* yes, or why not */
	bool ok;
	bool unasked; /* the config does not ask for it: it has no metric, and nobody misses it */
	bool known; /* there was an answer, once */
	char why[FACTS_WHY_MAX]; /* "" when ok */
	/* Why the last probe got no answer: the rest is older; "" = it got one. */
	char doubt[FACTS_WHY_MAX];
	uint64_t failures; /* probes without an answer so far */
};

/* How the program on the hook finds out whether SMC is registered. */
enum facts_target {
	FACTS_TARGET_OK, /* inetsw can be read */
	FACTS_TARGET_NO_SYMBOL, /* a kernel without KALLSYMS_ALL */
	FACTS_TARGET_HIDDEN, /* addresses are hidden: CAP_SYSLOG is missing or kptr_restrict is 2 */
	FACTS_TARGET_AMBIGUOUS, /* two symbols may be it, and a wrong one must not be read */
};

/* Why the hook can or cannot be had here. */
struct facts_kernel {
	bool btf; /* /sys/kernel/btf/vmlinux */
	bool hook; /* update_socket_protocol is in the kernel's BTF */
	enum facts_target target_v4;
	enum facts_target target_v6; /* NO_SYMBOL also while ipv6 is an unloaded module */
	bool ulp_unsafe; /* the kernel still has TCP_ULP "smc" */
};

struct facts {
	struct fact smc; /* the kernel has SMC */
	struct fact hook; /* our program is attached */
	struct fact offer; /* the offer programs are loaded */
	struct fact flows; /* handshakes are watched: what smcctl flows shows */
	struct fact ueid; /* ours is there */
	struct fact selinux; /* steered sockets are of use to containers */
	struct fact plugin; /* it is in the CNI chain */
	struct fact cgroup; /* cgroupRoot is cgroup v2 */
	struct fact nri; /* the runtime tells of containers */
	struct fact host; /* SMC-R can be had: an RDMA device of the config's pnets is present */
	char kernel[65]; /* uname -r */
	struct facts_kernel steer;
	struct smc_devices devices;
	int n_ueids;
	char ueids[FACTS_UEIDS_MAX][SMC_UEID_LEN + 1];
	int n_ports; /* of RDMA devices */
	struct rdma_nl_port ports[FACTS_PORTS_MAX];
};

struct facts_row {
	const char *name; /* in status, metrics, events and the log */
	size_t offset; /* of its struct fact in struct facts */
	bool needed; /* pods are not steered without it */
	bool told; /* who finds it out logs it, too */
	const char *advice; /* what to do about it: a sentence */
};

/* Facts are shown in this order, and the first of them that is missing is the one that is named. */
extern const struct facts_row facts_table[];
extern const size_t facts_n;

/* A probe's answer: yes (rc >= 0), or no, and err says why. */
void facts_set(struct fact *fact, int rc, const struct err *err);
/* A probe got no answer: "could not ask" is no "no". What was seen last stays; what was never seen
 * is not there. */
void facts_doubt(struct fact *fact, const struct err *err);

const struct fact *facts_get(const struct facts *facts, const struct facts_row *row);
/* The first needed fact that is missing, NULL: none is. */
const struct facts_row *facts_first_missing(const struct facts *facts);
/* True while a needed fact was never answered: then neither yes nor no is known. */
bool facts_unknown(const struct facts *facts);
/* The first that is missing, as the sentence that says why; NULL: nothing is missing. */
const char *facts_why_not(const struct facts *facts);

#endif
