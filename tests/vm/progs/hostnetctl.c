/* SPDX-License-Identifier: Apache-2.0 */
/* node-agent/hostnet/hostnet.c by hand: hostnetctl CONFIG STATE VERB [POD_ADDR]...
 *
 *	wanted		is there an RDMA device of the config
 *	apply, check, pod-undo	for one pod with these addresses (10.1.0.2/24)
 *	shared-undo
 *
 * STATE is the file with the undo data, written before each change as the agent does it. With
 * HOSTNETCTL_DIE=N in the environment the program dies right after it has written for the Nth time:
 * between record and change.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "node-agent/config/config.h"
#include "node-agent/hostnet/hostnet.h"

static int records_left; /* 0: never dies */

static int record(void *arg, const struct hostnet_undo *undo, struct err *err)
{
	json_t *json = hostnet_undo_to_json(undo);
	int r = json_dump_file(json, arg, JSON_COMPACT);

	json_decref(json);
	if (r < 0)
		return err_set(err, -EIO, "write '%s'", (const char *)arg);
	if (records_left > 0 && --records_left == 0)
		_exit(9);
	return 0;
}

static int load(const char *state, struct hostnet_undo **ret, struct err *err)
{
	json_t *json = json_load_file(state, 0, NULL);
	int r;

	if (!json) {
		*ret = hostnet_undo_new();
		return 0;
	}
	r = hostnet_undo_from_json(json, ret, err);
	json_decref(json);
	return r;
}

static int wanted(const struct config *config, struct err *err)
{
	auto_free struct rdma_nl_port *ports = NULL;
	int n = rdma_nl_ports(-1, 1000, &ports, err);

	if (n < 0)
		return n;
	return hostnet_wanted(config, ports, n) ? 0 : err_set(err, -ENODEV, "not wanted");
}

static int run(const struct config *config, const char *state, const char *verb,
	       const struct wish_addrs *pod, struct hostnet_undo *undo, struct err *err)
{
	char *path = strdupa(state);
	int r;

	if (strcmp(verb, "wanted") == 0)
		return wanted(config, err);
	if (strcmp(verb, "check") == 0)
		return hostnet_check(config, pod, err);
	if (strcmp(verb, "pod-undo") == 0)
		return hostnet_pod_undo(pod, err);
	if (strcmp(verb, "apply") == 0)
		r = hostnet_apply(config, pod, undo, record, path, err);
	else if (strcmp(verb, "shared-undo") == 0)
		r = hostnet_shared_undo(undo, err);
	else
		return err_set(err, -EINVAL, "verb '%s' is unknown", verb);
	records_left = 0;
	(void)record(path, undo, NULL);
	return r;
}

int main(int argc, char **argv)
{
	const char *die = getenv("HOSTNETCTL_DIE");
	struct wish_addrs pod = { .n_addrs = 0 };
	struct hostnet_undo *undo = NULL;
	struct config *config = NULL;
	struct err err = ERR_INIT;
	int r;

	if (argc < 4 || argc > 4 + WISH_ADDRS_MAX)
		return 2;
	records_left = die ? atoi(die) : 0;
	r = config_load(argv[1], &config, &err);
	if (r == 0)
		r = load(argv[2], &undo, &err);
	for (int i = 4; r == 0 && i < argc; i++)
		r = inet_parse(argv[i], &pod.addrs[pod.n_addrs++], &err);
	if (r == 0)
		r = run(config, argv[2], argv[3], &pod, undo, &err);
	if (r < 0)
		printf("%s: %s\n", strerrorname_np(-r), err.msg);
	hostnet_undo_free(undo);
	config_free(config);
	return r < 0;
}
