/* SPDX-License-Identifier: Apache-2.0 */
/* SMC's two generic netlink families (linux/smc.h; net/smc/smc_pnet.c, smc_netlink.c).
 *
 * A handle belongs to the namespace that it was opened in, for good. Opening resolves the families,
 * which autoloads the smc module where modprobe works; -EPROTONOSUPPORT when the kernel has no SMC.
 */
#ifndef SMC_COMMON_SMC_NL_H
#define SMC_COMMON_SMC_NL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct smc_nl;

/* netns_fd -1: the calling thread's own. timeout_ms bounds each later request. */
int smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *err);
void smc_nl_close(struct smc_nl *nl); /* NULL is fine */

/* ---- pnet table of the namespace (family SMC_PNETID) ---- */
#define SMC_PNET_ID_MAX 16

struct smc_pnet {
	char id[SMC_PNET_ID_MAX + 1]; /* stored upper-case by the kernel */
	char ethname[16]; /* "" when the entry is for an RDMA or ISM device */
	char ibname[64]; /* "" when it is for an interface */
	uint8_t ibport; /* 1-based; 0 with ibname: an ISM device */
};

/* True if the text is 1..16 ASCII letters or digits. */
bool smc_pnet_id_valid(const char *id);

/* 0: added. 1: it was there already with the same value (nothing changed; so nothing to undo).
 * -EEXIST: the device has another id (the message says which). -ENOTUNIQ: the interface has an id
 * of its hardware, which the kernel takes whatever the table says, and does not tell. */
int smc_pnet_add(struct smc_nl *nl, const struct smc_pnet *entry, struct err *err);
/* Removes exactly this entry: 0, or -ENOENT. The kernel's DEL takes an id and drops all entries of
 * the id, so the others of that id are put back by this call. */
int smc_pnet_del(struct smc_nl *nl, const struct smc_pnet *entry, struct err *err);
/* All entries; the caller frees *ret. Returns their number. */
int smc_pnet_list(struct smc_nl *nl, struct smc_pnet **ret, struct err *err);

/* ---- UEIDs (node-global) ---- */
#define SMC_UEID_LEN 32

/* [A-Z0-9][A-Z0-9.-]{0,31}, padded with spaces to SMC_UEID_LEN by these calls. */
bool smc_ueid_valid(const char *ueid);
/* 0: added. 1: was there. -ERANGE: four are there already. */
int smc_ueid_add(struct smc_nl *nl, const char *ueid, struct err *err);
int smc_ueid_del(struct smc_nl *nl, const char *ueid, struct err *err);
/* Without the padding; caller frees. Returns the number. */
int smc_ueid_list(struct smc_nl *nl, char (**ret)[SMC_UEID_LEN + 1], struct err *err);

/* ---- statistics of the namespace ---- */
struct smc_tech_stats {
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint64_t client_conns; /* SMC connections established as client (v1 + v2) */
	uint64_t server_conns;
};

/* Reasons that a namespace keeps a role (SMC_MAX_FBACK_RSN_CNT, net/smc/smc_stats.h): 36 in 7.3, 30
 * in 6.12. */
#define SMC_FALLBACK_MAX 36

struct smc_fallback {
	uint32_t code; /* as smc_fallback_reason() takes it */
	uint16_t count; /* the kernel's own counter is 16 bits wide and wraps */
	bool server; /* seen as server; otherwise as client */
};

struct smc_stats {
	struct smc_tech_stats smcd;
	struct smc_tech_stats smcr;
	uint64_t handshake_errors_client;
	uint64_t handshake_errors_server;
	uint64_t fallback_client; /* totals, 64 bits */
	uint64_t fallback_server;
	int n_fallbacks;
	struct smc_fallback fallbacks[2 * SMC_FALLBACK_MAX];
};

int smc_stats_get(struct smc_nl *nl, struct smc_stats *ret, struct err *err);

/* ---- devices and system ---- */
struct smc_devices {
	int n_smcd; /* SMC-D devices (ISM or dibs loopback) */
	int n_smcr; /* RDMA devices known to SMC */
};
int smc_devices_get(struct smc_nl *nl, struct smc_devices *ret, struct err *err);

#endif
