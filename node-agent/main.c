/* SPDX-License-Identifier: Apache-2.0 */
/* smc-node-agent: one per node; steers the sockets of opted-in pods to SMC. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/log.h"
#include "node-agent/config/config.h"
#include "node-agent/leave.h"
#include "node-agent/node/rights.h"
#include "node-agent/run.h"
#include "node-agent/server/socket_dir.h"
#include "node-agent/takeback.h"

enum mode { MODE_RUN, MODE_CHECK, MODE_CLEANUP, MODE_MARKED };

static const char usage[] =
	"usage: smc-node-agent [--config FILE] [--cni-plugin FILE] [--check-config | --version]\n"
	"       smc-node-agent [--config FILE] --cleanup [--stay [--gone NAME] [--mark FILE]]\n"
	"       smc-node-agent --marked FILE\n"
	"\n"
	"  --config FILE   default " CONFIG_DEFAULT_PATH "\n"
	"  --cni-plugin FILE\n"
	"                  the program to install as the plugin smc-cni, and to keep in the CNI chain of\n"
	"                  the node's network. Without it the plugin is somebody else's to install\n"
	"  --check-config  only say what is wrong with the file, all of it\n"
	"  --cleanup       take back all that the agent made on this node; a stopped agent leaves\n"
	"                  steering in force. Needs no config: without one the default paths count\n"
	"  --stay          for a DaemonSet beside the agents' one: begin when the API server says that\n"
	"                  DAEMONSET_NAME of POD_NAMESPACE (environment) is gone, try until all is clean,\n"
	"                  then stay until SIGTERM\n"
	"  --gone NAME     ask nobody: DAEMONSET_NAME, which must be NAME, has no agents any more\n"
	"  --mark FILE     write there that the node is clean, once it is\n"
	"  --marked FILE   succeed if that is written there: for a probe\n";

static void print_bad(void *arg, const struct err *err)
{
	*(bool *)arg = true;
	(void)fprintf(stderr, "%s\n", err->msg);
}

static int check_config(const char *path)
{
	struct config *config;
	struct err err = ERR_INIT;
	bool told = false;

	if (config_load_each(path, print_bad, &told, &config, &err) < 0) {
		if (!told)
			(void)fprintf(stderr, "%s\n", err.msg);
		return EXIT_FAILURE;
	}
	told = socket_dir_check(config, &err) < 0;
	if (told)
		(void)fprintf(stderr, "%s: %s\n", path, err.msg);
	config_free(config);
	return told ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void log_bad(void *arg, const struct err *err)
{
	(void)arg;
	log_error("config is wrong", "err", err->msg);
}

static int serve(const char *path, const char *cni_plugin)
{
	struct err err = ERR_INIT, trouble = ERR_INIT;
	struct config *config;
	int r = config_load_each(path, log_bad, NULL, &config, &trouble);

	FAULT_SCOPE("adopt");
	if (r < 0) {
		log_error("config cannot be used, steering stays as it is", "err", trouble.msg);
		r = config_salvage(path, &config, &err);
	} else {
		log_set_level(config->log_level);
	}
	if (r == 0)
		r = config_set_plugin(config, cni_plugin, &err);
	if (r == 0) {
		rights_warn();
		r = run_agent(config, &trouble, &err);
		if (r == RUN_UNINSTALL)
			r = takeback_run(config, &err);
		config_free(config);
	}
	if (r < 0)
		log_error("cannot serve", "err", err.msg);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

enum option_code {
	OPT_CONFIG = 1,
	OPT_CHECK,
	OPT_CLEANUP,
	OPT_STAY,
	OPT_GONE,
	OPT_MARK,
	OPT_MARKED,
	OPT_PLUGIN,
	OPT_VERSION,
	OPT_HELP
};

struct arguments {
	enum mode mode;
	const char *config, *cni_plugin;
	struct leave leave;
	bool stay;
};

static int wrong(const char *what, const char *why)
{
	(void)fprintf(stderr, "smc-node-agent: %s%s\n%s", what, why, usage);
	return 2;
}

/* -1: go on; else the exit status. */
static int take_option(struct arguments *a, int option)
{
	switch ((enum option_code)option) {
	case OPT_CONFIG:
		a->config = optarg;
		return -1;
	case OPT_PLUGIN:
		a->cni_plugin = optarg;
		return -1;
	case OPT_CHECK:
		a->mode = MODE_CHECK;
		return -1;
	case OPT_CLEANUP:
		a->mode = MODE_CLEANUP;
		return -1;
	case OPT_STAY:
		a->stay = true;
		return -1;
	case OPT_GONE:
		a->leave.gone = optarg;
		return -1;
	case OPT_MARK:
		a->leave.mark = optarg;
		return -1;
	case OPT_MARKED:
		a->mode = MODE_MARKED;
		a->leave.mark = optarg;
		return -1;
	case OPT_VERSION:
		(void)puts("smc-node-agent " SMC_CNI_VERSION);
		return EXIT_SUCCESS;
	case OPT_HELP:
		(void)fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	(void)fputs(usage, stderr);
	return 2;
}

static int read_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "check-config", no_argument, NULL, OPT_CHECK },
		{ "cleanup", no_argument, NULL, OPT_CLEANUP },
		{ "stay", no_argument, NULL, OPT_STAY },
		{ "gone", required_argument, NULL, OPT_GONE },
		{ "mark", required_argument, NULL, OPT_MARK },
		{ "marked", required_argument, NULL, OPT_MARKED },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "cni-plugin", required_argument, NULL, OPT_PLUGIN },
		{ NULL, 0, NULL, 0 },
	};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = take_option(a, opt);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return wrong("unexpected argument: ", argv[optind]);
	if (a->stay && a->mode != MODE_CLEANUP)
		return wrong("--stay goes with --cleanup", "");
	if (!a->stay && (a->leave.gone || (a->leave.mark && a->mode != MODE_MARKED)))
		return wrong("--gone and --mark go with --stay", "");
	if (a->cni_plugin && *a->cni_plugin != '/')
		return wrong("--cni-plugin: allowed is an absolute path, got ", a->cni_plugin);
	return -1;
}

/* Of two threads that are hardly ever busy at the same time, one heap is enough; and a page of
 * /metrics goes back to the kernel when it is no longer needed, whatever lies behind it. */
static void keep_memory_small(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

int main(int argc, char **argv)
{
	struct arguments a = { .config = CONFIG_DEFAULT_PATH };
	int status = read_arguments(&a, argc, argv);

	if (status >= 0)
		return status;
	a.leave.config = a.config;
	switch (a.mode) {
	case MODE_CHECK:
		return check_config(a.config);
	case MODE_CLEANUP:
		return a.stay ? leave_and_stay(&a.leave) : leave_once(a.config);
	case MODE_MARKED:
		return leave_is_marked(a.leave.mark) ? EXIT_SUCCESS : EXIT_FAILURE;
	case MODE_RUN:
		break;
	}
	keep_memory_small();
	return serve(a.config, a.cni_plugin);
}
