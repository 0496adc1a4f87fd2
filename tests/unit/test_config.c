/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/config/config.h"

static int parse(const char *text, struct config **ret, struct err *err)
{
	*err = ERR_INIT;
	return config_parse(text, strlen(text), "agent.yaml", ret, err);
}

static struct config *must_parse(const char *text)
{
	struct config *c = NULL;
	struct err err;

	if (parse(text, &c, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static void an_empty_file_gives_all_defaults(void **state)
{
	static const char *const empty[] = { "", "# nothing\n", "---\n", "{}",
					     "peers:\nlimits: ~\n" };

	(void)state;
	assert_int_equal(setenv("NODE_NAME", "worker-7", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		struct config *c = must_parse(empty[i]);

		assert_string_equal(c->node_name, "worker-7");
		assert_null(c->pod_source_folder);
		assert_string_equal(c->kubeconfig, "");
		assert_false(c->default_steer);
		assert_string_equal(c->ueid, "SMC-CNI");
		assert_int_equal(c->n_peers, 1);
		assert_int_equal(c->peers[0].word, PEERS_CLUSTER);
		assert_int_equal(c->peers[0].to, 65535);
		assert_int_equal(c->n_cluster_cidrs, 0);
		assert_int_equal(c->n_pnets, 0);
		assert_int_equal(c->limits.n_namespaces, 1);
		assert_string_equal(c->limits.namespaces[0], "*");
		assert_int_equal(c->limits.n_pnet_ids, 0);
		assert_int_equal(c->limits.max_buffer_bytes, 256 * 1024);
		assert_int_equal(c->limits.ulp, STEER_ULP_DENY);
		assert_false(c->allow_unencrypted);
		assert_false(c->allow_sock_ops);
		assert_string_equal(c->socket, "/run/smc-cni/agent.sock");
		assert_string_equal(c->state_dir, "/run/smc-cni/state");
		assert_string_equal(c->bpffs_dir, "/sys/fs/bpf/smc-cni");
		assert_string_equal(c->cgroup_root, "/sys/fs/cgroup");
		assert_string_equal(c->cni_conf_dir, "/etc/cni/net.d");
		assert_string_equal(c->cni_bin_dir, "/opt/cni/bin");
		assert_string_equal(c->features_dir,
				    "/etc/kubernetes/node-feature-discovery/features.d");
		assert_string_equal(c->nri, "/var/run/nri/nri.sock");
		assert_false(c->nri_named);
		assert_string_equal(c->metrics, "127.0.0.1:9810");
		assert_int_equal(c->log_level, LOG_LEVEL_INFO);
		config_free(c);
	}
}

static const char full[] = "nodeName: worker-1            # a comment\n"
			   "podSource: {folder: /etc/smc-cni/pods}\n"
			   "kubeconfig: /etc/kubernetes/agent.conf\n"
			   "defaultSteer: enabled\n"
			   "ueid: MY.UEID-1\n"
			   "peers: [10.0.0.0/8, '[fd00::/64]:80-90', 'node:443']\n"
			   "clusterCIDRs: [10.244.0.0/16, 'fd00::/64', '::ffff:10.1.0.0/112']\n"
			   "pnets:\n"
			   "  - id: net0\n"
			   "    rdma: [{device: mlx5_0, port: 2}, {device: mlx5_1}]\n"
			   "    interfaces: [eth1, bond0]\n"
			   "    podCIDRs: [10.244.0.0/16]\n"
			   "  - id: NET1\n"
			   "limits:\n"
			   "  namespaces: [shop, bank]\n"
			   "  pnetIDs: [Net1]\n"
			   "  maxBufferSize: 1Mi\n"
			   "  ulp: emulate\n"
			   "allow: {unencrypted: true, sockOps: true}\n"
			   "socket: /run/a.sock\n"
			   "stateDir: /run/state\n"
			   "bpffsDir: /sys/fs/bpf/x\n"
			   "cgroupRoot: /cg\n"
			   "cniConfDir: /conf\n"
			   "cniBinDir: /bin\n"
			   "featuresDir: \"\"\n"
			   "nri: /run/other/nri.sock\n"
			   "metrics: '[::1]:9999'\n"
			   "logLevel: debug\n";

static void every_key_is_read(void **state)
{
	struct config *c = must_parse(full);

	(void)state;
	assert_string_equal(c->node_name, "worker-1");
	assert_string_equal(c->pod_source_folder, "/etc/smc-cni/pods");
	assert_string_equal(c->kubeconfig, "/etc/kubernetes/agent.conf");
	assert_true(c->default_steer);
	assert_string_equal(c->ueid, "MY.UEID-1");
	assert_int_equal(c->n_peers, 3);
	assert_int_equal(c->peers[0].net.prefix_len, 8);
	assert_int_equal(c->peers[1].net.family, AF_INET6);
	assert_int_equal(c->peers[1].to, 90);
	assert_int_equal(c->peers[2].word, PEERS_NODE);
	assert_int_equal(c->n_cluster_cidrs, 3);
	assert_int_equal(c->cluster_cidrs[1].family, AF_INET6);
	assert_int_equal(c->cluster_cidrs[2].family, AF_INET);
	assert_int_equal(c->cluster_cidrs[2].prefix_len, 16);
	assert_int_equal(c->n_pnets, 2);
	assert_string_equal(c->pnets[0].id, "NET0");
	assert_int_equal(c->pnets[0].n_rdma, 2);
	assert_string_equal(c->pnets[0].rdma[0].device, "mlx5_0");
	assert_int_equal(c->pnets[0].rdma[0].port, 2);
	assert_string_equal(c->pnets[0].rdma[1].device, "mlx5_1");
	assert_int_equal(c->pnets[0].rdma[1].port, 1);
	assert_int_equal(c->pnets[0].n_interfaces, 2);
	assert_string_equal(c->pnets[0].interfaces[1], "bond0");
	assert_int_equal(c->pnets[0].n_pod_cidrs, 1);
	assert_int_equal(c->pnets[0].pod_cidrs[0].prefix_len, 16);
	assert_int_equal(c->pnets[1].n_rdma, 0);
	assert_int_equal(c->limits.n_namespaces, 2);
	assert_string_equal(c->limits.namespaces[1], "bank");
	assert_int_equal(c->limits.n_pnet_ids, 1);
	assert_string_equal(c->limits.pnet_ids[0], "NET1");
	assert_int_equal(c->limits.max_buffer_bytes, 1024 * 1024);
	assert_int_equal(c->limits.ulp, STEER_ULP_EMULATE);
	assert_true(c->allow_unencrypted);
	assert_true(c->allow_sock_ops);
	assert_string_equal(c->socket, "/run/a.sock");
	assert_string_equal(c->state_dir, "/run/state");
	assert_string_equal(c->bpffs_dir, "/sys/fs/bpf/x");
	assert_string_equal(c->cgroup_root, "/cg");
	assert_string_equal(c->cni_conf_dir, "/conf");
	assert_string_equal(c->cni_bin_dir, "/bin");
	assert_string_equal(c->features_dir, "");
	assert_string_equal(c->nri, "/run/other/nri.sock");
	assert_true(c->nri_named);
	assert_string_equal(c->metrics, "[::1]:9999");
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	config_free(c);
}

static void the_ids_of_pnets_are_the_default_limit(void **state)
{
	struct config *c = must_parse("pnets: [{id: a}, {id: b}]\nlimits: {namespaces: []}");

	(void)state;
	assert_int_equal(c->limits.n_pnet_ids, 2);
	assert_string_equal(c->limits.pnet_ids[0], "A");
	assert_string_equal(c->limits.pnet_ids[1], "B");
	assert_int_equal(c->limits.n_namespaces, 0); /* given and empty: nobody */
	config_free(c);
	c = must_parse("pnets: [{id: a}]\nlimits: {pnetIDs: []}");
	assert_int_equal(c->limits.n_pnet_ids, 0);
	config_free(c);
}

static const struct {
	const char *text, *message;
} refused[] = {
	/* shape */
	{ "- a", "agent.yaml:1: got a list, allowed: a map of keys" },
	{ "just text", "agent.yaml:1: got a string, allowed: a map of keys" },
	{ "a: 1\n---\nb: 2", "agent.yaml:3: a second document, allowed: one" },
	{ "ueid: A\n\nueid: B", "agent.yaml:3: key 'ueid' is there already, in line 1" },
	{ "limits: [", "agent.yaml:2: not YAML: did not find expected node content" },
	{ "ueid: \"\tA\n", "agent.yaml:2: not YAML: found unexpected end of stream" },
	{ "a: &x 1\nb: *y", "agent.yaml:2: alias '*y' names no anchor" },
	{ "a: &x [*x]", "agent.yaml:1: alias '*x' stands inside what it names" },
	{ "<<: {ueid: A}",
	  "agent.yaml:1: merge keys ('<<') are not supported: write the keys out" },
	{ "ueid: !secret A", "agent.yaml:1: tag '!secret' is not supported here" },
	/* unknown keys */
	{ "\nnodename: a", "agent.yaml:2: unknown key 'nodename', did you mean 'nodeName'?" },
	{ "defaultSter: a",
	  "agent.yaml:1: unknown key 'defaultSter', did you mean 'defaultSteer'?" },
	{ "limits:\n  pnetIds: []",
	  "agent.yaml:2: unknown key 'limits.pnetIds', did you mean 'pnetIDs'?" },
	{ "limits:\n  foo: []", "agent.yaml:2: unknown key 'limits.foo', allowed: namespaces, "
				"pnetIDs, maxBufferSize, ulp" },
	{ "pnets:\n- id: a\n  rdma:\n  - device: b\n    prot: 1",
	  "agent.yaml:5: unknown key 'pnets[0].rdma[0].prot', did you mean 'port'?" },
	/* values */
	{ "nodeName: Worker_1",
	  "agent.yaml:1: key 'nodeName': got 'Worker_1', allowed: the name of "
	  "the Node object: lower-case letters, digits, '-' and '.'" },
	{ "nodeName: 17",
	  "agent.yaml:1: key 'nodeName': got a number, allowed: the name of the Node object: "
	  "lower-case letters, digits, '-' and '.'; quote it to make it a string: \"17\"" },
	{ "podSource: files",
	  "agent.yaml:1: key 'podSource': got 'files', allowed: kubernetes, or {folder: PATH}" },
	{ "podSource: {folder: pods}", "agent.yaml:1: key 'podSource.folder': got 'pods', allowed: "
				       "an absolute path without '..'" },
	{ "podSource: {}", "agent.yaml:1: key 'podSource.folder' is missing" },
	{ "podSource: {dir: /a}", "agent.yaml:1: unknown key 'podSource.dir', allowed: folder" },
	{ "kubeconfig: a", "agent.yaml:1: key 'kubeconfig': got 'a', allowed: \"\" or an absolute "
			   "path without '..'" },
	{ "defaultSteer: required",
	  "agent.yaml:1: key 'defaultSteer': got 'required', allowed: enabled, disabled" },
	{ "defaultSteer: true",
	  "agent.yaml:1: key 'defaultSteer': got 'true', allowed: enabled, disabled" },
	{ "ueid: smc", "agent.yaml:1: key 'ueid': got 'smc', allowed: 1 to 32 of A-Z, 0-9, '.' and "
		       "'-', beginning with a letter or digit" },
	{ "ueid: ''", "agent.yaml:1: key 'ueid': got '', allowed: 1 to 32 of A-Z, 0-9, '.' and "
		      "'-', beginning with a letter or digit" },
	{ "ueid: A23456789.123456789.123456789.123",
	  "agent.yaml:1: key 'ueid': got 'A23456789.123456789.123456789.123', allowed: 1 to 32 of "
	  "A-Z, 0-9, '.' and '-', beginning with a letter or digit" },
	{ "peers: 10.0.0.0/8", "agent.yaml:1: key 'peers': got '10.0.0.0/8', allowed: a list" },
	{ "peers:\n- 10.0.0.1/8",
	  "agent.yaml:2: key 'peers[0]': got '10.0.0.1/8', allowed: " PEERS_ITEM_ALLOWED },
	{ "peers:\n- node\n- nodes:80",
	  "agent.yaml:3: key 'peers[1]': got 'nodes:80', allowed: " PEERS_ITEM_ALLOWED },
	{ "peers: ['']", "agent.yaml:1: key 'peers[0]': got '', allowed: " PEERS_ITEM_ALLOWED },
	{ "peers:\n- 'any:1'\n- 'any:3'\n- 'any:5'\n- 'any:7'\n- 'any:9'\n- 'any:11'\n- 'any:13'\n"
	  "- 'any:15'\n- '10.0.0.0/8:17'",
	  "agent.yaml:10: key 'peers[8]': more than 8 port ranges for 10.0.0.0/8 (of all entries that "
	  "contain it)" },
	{ "clusterCIDRs:\n- 10.0.0.1/8",
	  "agent.yaml:2: key 'clusterCIDRs[0]': got '10.0.0.1/8', allowed: a CIDR without host bits, "
	  "such as 10.244.0.0/16 or fd00::/64" },
	{ "allow: {sockops: true}",
	  "agent.yaml:1: unknown key 'allow.sockops', did you mean 'sockOps'?" },
	{ "allow: true", "agent.yaml:1: key 'allow': got 'true', allowed: a map of keys" },
	{ "allow: {unencrypted: true}\nallowUnencrypted: false",
	  "agent.yaml:2: key 'allowUnencrypted' is the old name of 'allow.unencrypted', which is "
	  "there, too: remove it" },
	{ "peers: [~]", "agent.yaml:1: key 'peers[0]': got '~', allowed: a value" },
	{ "limits: {ulp: never}",
	  "agent.yaml:1: key 'limits.ulp': got 'never', allowed: deny, emulate, ignore" },
	{ "limits: {maxBufferSize: 2Mi}", "agent.yaml:1: key 'limits.maxBufferSize': got '2Mi', "
					  "allowed: 16Ki to 1Mi, such as 256Ki" },
	{ "limits: {namespaces: [a b]}", "agent.yaml:1: key 'limits.namespaces[0]': got 'a b', "
					 "allowed: the name of a namespace, or \"*\" for all" },
	{ "allowUnencrypted: yes",
	  "agent.yaml:1: key 'allowUnencrypted': got 'yes', allowed: true, false" },
	{ "stateDir: /run/../etc", "agent.yaml:1: key 'stateDir': got '/run/../etc', allowed: an "
				   "absolute path without '..'" },
	{ "stateDir: [/run]",
	  "agent.yaml:1: key 'stateDir': got a list, allowed: an absolute path without '..'" },
	{ "metrics: localhost:1",
	  "agent.yaml:1: key 'metrics': got 'localhost:1', allowed: IP:PORT, "
	  "[IPv6]:PORT, or \"\" for none" },
	{ "metrics: ':9810'", "agent.yaml:1: key 'metrics': got ':9810', allowed: IP:PORT, "
			      "[IPv6]:PORT, or \"\" for none" },
	{ "metrics: 127.0.0.1:70000",
	  "agent.yaml:1: key 'metrics': got '127.0.0.1:70000', allowed: "
	  "IP:PORT, [IPv6]:PORT, or \"\" for none" },
	{ "metrics: ::1:9810", "agent.yaml:1: key 'metrics': got '::1:9810', allowed: IP:PORT, "
			       "[IPv6]:PORT, or \"\" for none" },
	{ "logLevel: trace",
	  "agent.yaml:1: key 'logLevel': got 'trace', allowed: error, warn, info, debug" },
	/* pnets */
	{ "pnets: [{interfaces: [a]}]", "agent.yaml:1: key 'pnets[0].id' is missing" },
	{ "pnets: [{id: a_b}]",
	  "agent.yaml:1: key 'pnets[0].id': got 'a_b', allowed: 1 to 16 letters and digits" },
	{ "pnets: [{id: 100}]", "agent.yaml:1: key 'pnets[0].id': got a number, allowed: 1 to 16 "
				"letters and digits; quote it to make it a string: \"100\"" },
	{ "pnets: [{id: a, rdma: [{port: 1}]}]",
	  "agent.yaml:1: key 'pnets[0].rdma[0].device' is missing" },
	{ "pnets: [{id: a, rdma: [{device: m, port: 0}]}]",
	  "agent.yaml:1: key 'pnets[0].rdma[0].port': got '0', allowed: a port number from 1 to "
	  "254" },
	{ "pnets: [{id: a, rdma: [{device: m/1}]}]",
	  "agent.yaml:1: key 'pnets[0].rdma[0].device': got 'm/1', allowed: the name of an RDMA "
	  "device, as 'rdma link' shows it" },
	{ "pnets: [{id: a, interfaces: [a23456789.123456]}]",
	  "agent.yaml:1: key 'pnets[0].interfaces[0]': got 'a23456789.123456', allowed: the name "
	  "of "
	  "a network interface (up to 15 characters)" },
	/* what keys are to each other */
	{ "pnets:\n- id: a\n- id: A", "agent.yaml:3: pnet 'A' is there already" },
	{ "pnets:\n- {id: a, interfaces: [e]}\n- {id: b, interfaces: [f, e]}",
	  "agent.yaml:3: interface 'e' belongs to pnet 'A' already" },
	{ "pnets:\n- id: a\n  interfaces:\n  - e\n  - e",
	  "agent.yaml:5: interface 'e' belongs to pnet 'A' already" },
	{ "pnets:\n- {id: a, rdma: [{device: m}]}\n- {id: b, rdma: [{device: m, port: 1}]}",
	  "agent.yaml:3: RDMA device 'm' port 1 belongs to pnet 'A' already" },
	{ "pnets:\n- {id: a, podCIDRs: [10.1.0.0/16]}\n- {id: b, podCIDRs: [10.0.0.0/8]}",
	  "agent.yaml:3: podCIDRs '10.0.0.0/8' overlaps one of pnet 'A'" },
	{ "limits:\n  pnetIDs: [a]\npnets: [{id: b}]",
	  "agent.yaml:2: key 'limits.pnetIDs[0]': got 'A', allowed: the id of an entry of "
	  "'pnets'" },
};

static void what_is_wrong_is_refused_with_line_value_and_what_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct config *c = NULL;
		struct err err;

		if (parse(refused[i].text, &c, &err) != -EINVAL)
			fail_msg("'%s' was accepted", refused[i].text);
		assert_null(c);
		assert_string_equal(err.msg, refused[i].message);
	}
}

static void a_socket_path_must_fit_its_address(void **state)
{
	char text[200], path[120];
	struct config *c = NULL;
	struct err err;

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[107] = '\0';
	(void)snprintf(text, sizeof(text), "socket: %s", path);
	config_free(must_parse(text));
	path[107] = 'a';
	path[108] = '\0';
	(void)snprintf(text, sizeof(text), "socket: %s", path);
	assert_int_equal(parse(text, &c, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "of up to 107 characters"));
}

static void a_node_is_named_by_key_then_environment_then_host_name(void **state)
{
	char host[256] = "";
	struct config *c;
	struct err err;

	(void)state;
	assert_int_equal(setenv("NODE_NAME", "from-env", 1), 0);
	c = must_parse("nodeName: from-key");
	assert_string_equal(c->node_name, "from-key");
	config_free(c);
	c = must_parse("");
	assert_string_equal(c->node_name, "from-env");
	config_free(c);
	assert_int_equal(setenv("NODE_NAME", "Not_A_Node", 1), 0);
	assert_int_equal(parse("", &c, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "agent.yaml: environment variable NODE_NAME 'Not_A_Node' is not "
			    "the name of a node: set key 'nodeName'");
	assert_int_equal(unsetenv("NODE_NAME"), 0);
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	if (parse("", &c, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(strcasecmp(c->node_name, host), 0);
	config_free(c);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(config_load("/nonexistent/agent.yaml", &c, &err), -ENOENT);
	assert_null(c);
	assert_string_equal(err.msg, "open '/nonexistent/agent.yaml': No such file or directory");
}

struct told {
	int n;
	char lines[8][sizeof(((struct err *)0)->msg)];
};

static void on_bad(void *arg, const struct err *err)
{
	struct told *told = arg;

	assert_true(told->n < (int)ARRAY_SIZE(told->lines));
	strcpy(told->lines[told->n++], err->msg);
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
	static const char text[] = "defaultSteer: maybe\n"
				   "ueid: lower\n"
				   "tyop: 1\n"
				   "limits: {ulp: none, namespaces: [shop, ~]}\n"
				   "pnets: [{id: A, rdma: [{port: 1}]}]\n";
	struct told told = { 0 };
	struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(config_parse_each(text, strlen(text), "agent.yaml", on_bad, &told, &c,
					   &err),
			 -EINVAL);
	assert_int_equal(told.n, 6);
	assert_non_null(strstr(told.lines[0], "agent.yaml:1: key 'defaultSteer'"));
	assert_non_null(strstr(told.lines[1], "agent.yaml:2: key 'ueid'"));
	assert_non_null(strstr(told.lines[2], "agent.yaml:3: unknown key 'tyop'"));
	assert_non_null(strstr(told.lines[3], "agent.yaml:4: key 'limits.ulp'"));
	assert_non_null(strstr(told.lines[4], "agent.yaml:4: key 'limits.namespaces[1]'"));
	assert_non_null(
		strstr(told.lines[5], "agent.yaml:5: key 'pnets[0].rdma[0].device' is missing"));
	assert_non_null(strstr(err.msg, "agent.yaml:1: key 'defaultSteer'"));
	assert_non_null(strstr(err.msg, "5 more"));
}

static void pnets_that_clash_are_all_told(void **state)
{
	static const char text[] = "pnets:\n"
				   "- {id: A, interfaces: [eth0]}\n"
				   "- {id: A, interfaces: [eth1]}\n"
				   "- {id: B, interfaces: [eth0]}\n"
				   "limits: {pnetIDs: [C]}\n";
	struct told told = { 0 };
	struct config *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(config_parse_each(text, strlen(text), "agent.yaml", on_bad, &told, &c,
					   &err),
			 -EINVAL);
	assert_int_equal(told.n, 3);
	assert_non_null(strstr(told.lines[0], "agent.yaml:3: pnet 'A'"));
	assert_non_null(strstr(told.lines[1], "agent.yaml:4: interface 'eth0'"));
	assert_non_null(strstr(told.lines[2], "agent.yaml:5: key 'limits.pnetIDs[0]'"));
}

static void a_key_is_taken_under_its_old_name(void **state)
{
	struct config *c = must_parse("allowUnencrypted: true\n");

	(void)state;
	assert_true(c->allow_unencrypted);
	config_free(c);
}

static void no_peers_are_not_the_default(void **state)
{
	struct config *c = must_parse("peers: []\n");

	(void)state;
	assert_int_equal(c->n_peers, 0);
	config_free(c);
}

static void words_of_too_many_networks_are_told_by_line(void **state)
{
	char text[8192] = "peers:\n";
	struct config *c = NULL;
	struct err err;

	(void)state;
	for (int i = 0; i < 60; i++) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "- 'private:%d'\n", i + 1);
	}
	assert_int_equal(parse(text, &c, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "agent.yaml:53: key 'peers[51]': more than 512 networks, words "
			    "included");
}

static void all_namespaces_may_be_written_without_a_list(void **state)
{
	struct config *c = must_parse("limits: {namespaces: \"*\"}\n");

	(void)state;
	assert_int_equal(c->limits.n_namespaces, 1);
	assert_string_equal(c->limits.namespaces[0], "*");
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_all_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(the_ids_of_pnets_are_the_default_limit),
		cmocka_unit_test(what_is_wrong_is_refused_with_line_value_and_what_is_allowed),
		cmocka_unit_test(a_socket_path_must_fit_its_address),
		cmocka_unit_test(a_node_is_named_by_key_then_environment_then_host_name),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
		cmocka_unit_test(all_that_is_wrong_is_told_at_once),
		cmocka_unit_test(pnets_that_clash_are_all_told),
		cmocka_unit_test(a_key_is_taken_under_its_old_name),
		cmocka_unit_test(no_peers_are_not_the_default),
		cmocka_unit_test(words_of_too_many_networks_are_told_by_line),
		cmocka_unit_test(all_namespaces_may_be_written_without_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
