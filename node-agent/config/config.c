/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/wire.h"
#include "node-agent/config/check.h"
#include "node-agent/config/pnets.h"
#include "node-agent/config/value.h"
#include "node-agent/parse/k8s_name.h"

#define FILE_BYTES_MAX (256 * 1024)

static int read_peers(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	struct config *c = out;

	return config_read_list(at, value, sizeof(*c->peers), config_value_peer, (void **)&c->peers,
				&c->n_peers, err);
}

static int read_cluster_cidrs(const struct config_at *at, const struct ytree_node *value, void *out,
			      struct err *err)
{
	struct config *c = out;

	return config_read_list(at, value, sizeof(*c->cluster_cidrs), config_value_cluster_cidr,
				(void **)&c->cluster_cidrs, &c->n_cluster_cidrs, err);
}

/* What safety forbids otherwise. */
static int read_allow(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	static const struct config_field fields[] = {
		{ "unencrypted", config_value_bool, offsetof(struct config, allow_unencrypted) },
		{ "sockOps", config_value_bool, offsetof(struct config, allow_sock_ops) },
	};

	return config_read_map(at, value, fields, ARRAY_SIZE(fields), out, err);
}

static int read_limit_namespaces(const struct config_at *at, const struct ytree_node *value,
				 void *out, struct err *err)
{
	struct config_limits *l = out;

	/* All of them, which is the default. */
	if (value->type == YTREE_STRING && !strcmp(value->text, "*"))
		return 0;
	return config_read_list(at, value, sizeof(*l->namespaces), config_value_namespace,
				(void **)&l->namespaces, &l->n_namespaces, err);
}

static int read_limit_pnet_ids(const struct config_at *at, const struct ytree_node *value,
			       void *out, struct err *err)
{
	struct config_limits *l = out;

	return config_read_list(at, value, sizeof(*l->pnet_ids), config_value_pnet_id,
				(void **)&l->pnet_ids, &l->n_pnet_ids, err);
}

static int read_limits(const struct config_at *at, const struct ytree_node *value, void *out,
		       struct err *err)
{
	static const struct config_field fields[] = {
		{ "namespaces", read_limit_namespaces, 0 },
		{ "pnetIDs", read_limit_pnet_ids, 0 },
		{ "maxBufferSize", config_value_buffer,
		  offsetof(struct config_limits, max_buffer_bytes) },
		{ "ulp", config_value_ulp, offsetof(struct config_limits, ulp) },
	};

	return config_read_map(at, value, fields, ARRAY_SIZE(fields), out, err);
}

/* `auto`, the default, `off` (for YAML 1.1, as Helm reads its values, that is `false`), or the path
 * of a socket that is to be there. */
static int read_nri(const struct config_at *at, const struct ytree_node *value, void *out,
		    struct err *err)
{
	struct config *c = out;

	if (!strcmp(value->text, "auto"))
		return 0;
	if (!strcmp(value->text, "off") || !strcmp(value->text, "false")) {
		c->nri[0] = '\0';
		return 0;
	}
	c->nri_named = true;
	return config_value_nri_path(at, value, &c->nri, err);
}

/* `kubernetes` or {folder: PATH} */
static int read_pod_source(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	static const struct config_field fields[] = {
		{ "folder", config_value_path, 0 },
	};
	char **folder = out;
	int rc;

	if (strcmp(value->text, "kubernetes") == 0)
		return 0;
	if (value->type != YTREE_MAP)
		return config_refuse(at, value, "kubernetes, or {folder: PATH}", err);
	rc = config_read_map(at, value, fields, ARRAY_SIZE(fields), folder, err);
	if (rc != 0)
		return rc;
	return *folder ? 0 : config_missing(at, value, "folder", err);
}

/* Keys of 0.1. What the DaemonSet must know is an argument of its own now, so that nobody's
 * agent.yaml can lack it. */
static int read_cni_plugin(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	struct config *c = out;

	log_warn("key is an argument now, and will be refused in the next version", "key", at->key,
		 "argument", "--cni-plugin");
	return config_value_optional_path(at, value, &c->cni_plugin, err);
}

static int read_allow_unencrypted(const struct config_at *at, const struct ytree_node *value,
				  void *out, struct err *err)
{
	struct config *c = out;

	log_warn("key has another name now, and will be refused in the next version", "key",
		 at->key, "name", "allow.unencrypted");
	return config_value_bool(at, value, &c->allow_unencrypted, err);
}

static const struct config_field root_fields[] = {
	{ "nodeName", config_value_node_name, offsetof(struct config, node_name) },
	{ "podSource", read_pod_source, offsetof(struct config, pod_source_folder) },
	{ "kubeconfig", config_value_optional_path, offsetof(struct config, kubeconfig) },
	{ "defaultSteer", config_value_switch, offsetof(struct config, default_steer) },
	{ "ueid", config_value_ueid, offsetof(struct config, ueid) },
	{ "peers", read_peers, 0 },
	{ "clusterCIDRs", read_cluster_cidrs, 0 },
	{ "pnets", config_pnets_read, 0 },
	{ "limits", read_limits, offsetof(struct config, limits) },
	{ "allow", read_allow, 0 },
	{ "allowUnencrypted", read_allow_unencrypted, 0 },
	{ "socket", config_value_socket_path, offsetof(struct config, socket) },
	{ "stateDir", config_value_path, offsetof(struct config, state_dir) },
	{ "bpffsDir", config_value_path, offsetof(struct config, bpffs_dir) },
	{ "cgroupRoot", config_value_path, offsetof(struct config, cgroup_root) },
	{ "cniConfDir", config_value_path, offsetof(struct config, cni_conf_dir) },
	{ "cniBinDir", config_value_path, offsetof(struct config, cni_bin_dir) },
	{ "cniPlugin", read_cni_plugin, 0 },
	{ "cniInstall", config_value_install, offsetof(struct config, cni_install) },
	{ "featuresDir", config_value_optional_path, offsetof(struct config, features_dir) },
	{ "nri", read_nri, 0 },
	{ "metrics", config_value_endpoint, offsetof(struct config, metrics) },
	{ "logLevel", config_value_log_level, offsetof(struct config, log_level) },
};

/* NULL when there is no memory. */
static struct config *new_with_defaults(void)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->kubeconfig = strdup("");
	c->ueid = strdup("SMC-CNI");
	c->socket = strdup(WIRE_DEFAULT_SOCKET);
	c->state_dir = strdup("/run/smc-cni/state");
	c->bpffs_dir = strdup("/sys/fs/bpf/smc-cni");
	c->cgroup_root = strdup("/sys/fs/cgroup");
	c->cni_conf_dir = strdup("/etc/cni/net.d");
	c->cni_bin_dir = strdup("/opt/cni/bin");
	c->cni_plugin = strdup("");
	c->features_dir = strdup("/etc/kubernetes/node-feature-discovery/features.d");
	c->nri = strdup("/var/run/nri/nri.sock");
	c->metrics = strdup("127.0.0.1:9810");
	c->limits.max_buffer_bytes = 256 * 1024;
	c->limits.ulp = STEER_ULP_DENY;
	c->log_level = LOG_LEVEL_INFO;
	c->peers = calloc(1, sizeof(*c->peers));
	if (c->peers && peers_item_parse("cluster", &c->peers[0]) == 0)
		c->n_peers = 1;
	if (!c->n_peers || !c->kubeconfig || !c->ueid || !c->socket || !c->state_dir ||
	    !c->bpffs_dir || !c->cgroup_root || !c->cni_conf_dir || !c->cni_bin_dir ||
	    !c->cni_plugin || !c->features_dir || !c->nri || !c->metrics) {
		config_free(c);
		return NULL;
	}
	return c;
}

static int default_node_name(const char *file, char **ret, struct err *err)
{
	const char *from = "environment variable NODE_NAME";
	const char *env = getenv("NODE_NAME");
	char name[256] = "";

	if (env && *env) {
		(void)snprintf(name, sizeof(name), "%s", env);
	} else {
		from = "host name";
		if (gethostname(name, sizeof(name) - 1) < 0)
			return err_sys(err, errno, "read the host name");
		for (char *p = name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	}
	if (!k8s_name_subdomain(name))
		return err_set(err, -EINVAL,
			       "%s: %s '%s' is not the name of a node: set key 'nodeName'", file,
			       from, name);
	*ret = strdup(name);
	return *ret ? 0 : err_sys(err, ENOMEM, "read '%s'", file);
}

/* Defaults that depend on other keys. */
static int fill_rest(struct config *c, const char *file, struct err *err)
{
	struct config_limits *l = &c->limits;

	if (!l->namespaces) {
		l->namespaces = calloc(1, sizeof(*l->namespaces));
		if (!l->namespaces)
			return err_sys(err, ENOMEM, "read '%s'", file);
		l->n_namespaces = 1;
		l->namespaces[0] = strdup("*");
		if (!l->namespaces[0])
			return err_sys(err, ENOMEM, "read '%s'", file);
	}
	if (!l->pnet_ids) {
		l->pnet_ids = calloc((size_t)c->n_pnets + 1, sizeof(*l->pnet_ids));
		if (!l->pnet_ids)
			return err_sys(err, ENOMEM, "read '%s'", file);
		for (int i = 0; i < c->n_pnets; i++)
			memcpy(l->pnet_ids[i], c->pnets[i].id, sizeof(l->pnet_ids[i]));
		l->n_pnet_ids = c->n_pnets;
	}
	return c->node_name ? 0 : default_node_name(file, &c->node_name, err);
}

static void config_cleanup(struct config **c)
{
	config_free(*c);
}

static int read_tree(const struct config_at *top, const struct ytree *tree, struct config *c,
		     struct err *err)
{
	int rc;

	if (tree->n_docs > 1)
		return err_set(err, -EINVAL, "%s:%d: a second document, allowed: one", top->file,
			       tree->docs[1]->line);
	if (tree->n_docs == 0)
		return 0;
	rc = config_read_map(top, tree->docs[0], root_fields, ARRAY_SIZE(root_fields), c, err);
	/* What was refused is not in c, so keys cannot be compared with each other. */
	return rc < 0 || top->sink->n ? rc : config_check(top, c, tree->docs[0], err);
}

/* Keeps the first message, for a caller that wants only one. */
struct first {
	struct err err;
	config_bad_fn *bad;
	void *arg;
};

static void on_bad(void *arg, const struct err *err)
{
	struct first *first = arg;

	if (!first->err.msg[0])
		first->err = *err;
	if (first->bad)
		first->bad(first->arg, err);
}

static int refuse_all(const struct config_sink *sink, const struct first *first, struct err *err)
{
	if (sink->n == 1)
		return err_set(err, -EINVAL, "%s", first->err.msg);
	return err_set(err, -EINVAL, "%.400s (and %d more: --check-config names all)",
		       first->err.msg, sink->n - 1);
}

int config_parse_each(const char *text, size_t len, const char *name, config_bad_fn *bad, void *arg,
		      struct config **ret, struct err *err)
{
	auto_with(config_cleanup) struct config *c = new_with_defaults();
	struct first first = { .bad = bad, .arg = arg };
	struct config_sink sink = { .bad = on_bad, .arg = &first };
	const struct config_at top = { .file = name, .sink = &sink };
	auto_ytree struct ytree *tree = NULL;
	struct err why = ERR_INIT;
	int rc;

	if (!c)
		return err_sys(err, ENOMEM, "read '%s'", name);
	rc = ytree_parse(text, len, name, &tree, &why);
	if (rc == 0)
		rc = read_tree(&top, tree, c, &why);
	if (rc == 0 && !sink.n)
		rc = fill_rest(c, name, &why);
	rc = config_note(&top, rc, &why);
	if (rc < 0)
		return err_set(err, rc, "%s", why.msg);
	if (sink.n)
		return refuse_all(&sink, &first, err);
	*ret = TAKE_PTR(c);
	return 0;
}

int config_parse(const char *text, size_t len, const char *name, struct config **ret,
		 struct err *err)
{
	return config_parse_each(text, len, name, NULL, NULL, ret, err);
}

int config_load_each(const char *path, config_bad_fn *bad, void *arg, struct config **ret,
		     struct err *err)
{
	auto_free char *text = NULL;
	size_t len;
	int rc;

	rc = file_read(AT_FDCWD, path, FILE_BYTES_MAX, &text, &len, err);
	if (rc < 0)
		return rc;
	return config_parse_each(text, len, path, bad, arg, ret, err);
}

int config_load(const char *path, struct config **ret, struct err *err)
{
	return config_load_each(path, NULL, NULL, ret, err);
}

int config_set_plugin(struct config *c, const char *path, struct err *err)
{
	char *copy;

	if (!path)
		return 0;
	copy = strdup(path);
	if (!copy)
		return err_sys(err, ENOMEM, "start");
	free(c->cni_plugin);
	c->cni_plugin = copy;
	return 0;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->n_pnets; i++) {
		free(c->pnets[i].rdma);
		free(c->pnets[i].interfaces);
		free(c->pnets[i].pod_cidrs);
	}
	for (int i = 0; i < c->limits.n_namespaces; i++)
		free(c->limits.namespaces[i]);
	free(c->pnets);
	free(c->limits.namespaces);
	free(c->limits.pnet_ids);
	free(c->peers);
	free(c->cluster_cidrs);
	free(c->node_name);
	free(c->pod_source_folder);
	free(c->kubeconfig);
	free(c->ueid);
	free(c->socket);
	free(c->state_dir);
	free(c->bpffs_dir);
	free(c->cgroup_root);
	free(c->cni_conf_dir);
	free(c->cni_bin_dir);
	free(c->cni_plugin);
	free(c->features_dir);
	free(c->nri);
	free(c->metrics);
	free(c);
}
