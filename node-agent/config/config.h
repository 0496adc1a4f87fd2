/* SPDX-License-Identifier: Apache-2.0 */
/* Room config/: agent.yaml: what an operator may say, checked as a whole before anything is done.
 * Thread: read before the threads begin; const for both from then on.
 * Never: touches the kernel or asks another room.
 */

/* agent.yaml: strict. An unknown key or a bad value is refused with file, line and what is allowed.
 */
#ifndef SMC_AGENT_CONFIG_H
#define SMC_AGENT_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/steer.h"
#include "common/err.h"
#include "common/inet.h"
#include "common/log.h"
#include "common/smc_nl.h"
#include "node-agent/config/peers_item.h"

#define CONFIG_DEFAULT_PATH "/etc/smc-cni/agent.yaml"

struct config_rdma {
	char device[64]; /* ib device name */
	uint8_t port; /* 1-based */
};

struct config_pnet {
	char id[SMC_PNET_ID_MAX + 1]; /* upper-case */
	int n_rdma;
	struct config_rdma *rdma;
	int n_interfaces;
	char (*interfaces)[IFNAMSIZ]; /* BASE devices: what the RDMA devices sit on */
	int n_pod_cidrs;
	struct inet_addr *pod_cidrs; /* empty: the subnets of the pods' interfaces */
};

/* How the plugin gets into the chain. */
enum config_install {
	CONFIG_INSTALL_AUTO, /* the drop-in folder, unless the list says that it is not looked at;
			      * the installer changes to the list when it sees the runtime pass us
			      * over */
	CONFIG_INSTALL_BY_DROPIN,
	CONFIG_INSTALL_BY_CONFLIST,
};

struct config_limits {
	int n_namespaces;
	char **namespaces; /* names or "*" */
	int n_pnet_ids;
	char (*pnet_ids)[SMC_PNET_ID_MAX + 1];
	int64_t max_buffer_bytes;
	enum steer_ulp ulp; /* the weakest allowed; order of strength: deny, emulate, ignore */
};

struct config {
	char *node_name;
	char *pod_source_folder; /* NULL: kubernetes */
	char *kubeconfig; /* "" = in-cluster */
	bool default_steer;
	char *ueid;
	int n_peers;
	struct peers_item *peers; /* where SMC is offered; none: nowhere */
	int n_cluster_cidrs;
	struct inet_addr *cluster_cidrs; /* none: `cluster` in peers is what `private` is */
	int n_pnets;
	struct config_pnet *pnets;
	struct config_limits limits;
	bool allow_unencrypted;
	bool allow_sock_ops;
	char *socket;
	char *state_dir;
	char *bpffs_dir;
	char *cgroup_root;
	char *cni_conf_dir;
	char *cni_bin_dir;
	char *cni_plugin; /* the program to install, of --cni-plugin; "": install nothing */
	enum config_install cni_install;
	char *features_dir; /* "" = off */
	char *nri; /* the runtime's socket; "" = off */
	bool nri_named; /* by the config, so that it is to be there */
	char *metrics; /* "ip:port", "" = off */
	enum log_level log_level;
};

/* Called for each thing that is wrong, "FILE:LINE: key ...", in the order of the file. */
typedef void config_bad_fn(void *arg, const struct err *err);

/* Reads and checks the file; defaults fill what is absent. The caller frees with config_free.
 * -EINVAL with "FILE:LINE: key ..." messages. */
int config_load(const char *path, struct config **ret, struct err *err);
/* The same, but each thing that is wrong is told; err then has the first one, and how many there
 * are. */
int config_load_each(const char *path, config_bad_fn *bad, void *arg, struct config **ret,
		     struct err *err);
int config_parse_each(const char *text, size_t len, const char *name, config_bad_fn *bad, void *arg,
		      struct config **ret, struct err *err);
/* The same from memory; `name` stands for the file in messages. */
int config_parse(const char *text, size_t len, const char *name, struct config **ret,
		 struct err *err);
/* For a file that config_load() refused: the defaults, and of socket, stateDir, bpffsDir,
 * cgroupRoot, cniConfDir, cniBinDir, kubeconfig and metrics what can be read of the file. */
int config_salvage(const char *path, struct config **ret, struct err *err);
/* What is an argument (--cni-plugin), and no key of the file; NULL: it was not given. -ENOMEM */
int config_set_plugin(struct config *c, const char *path, struct err *err);
void config_free(struct config *c); /* NULL is fine */

/* The pnet of an interface of a pod: by podCIDRs, else the only one of the config, else NULL. */
const struct config_pnet *config_pnet_for(const struct config *config,
					  const struct inet_addr *addr);

#endif
