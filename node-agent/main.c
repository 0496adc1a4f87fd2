/* SPDX-License-Identifier: Apache-2.0 */
/* smc-node-agent: one per node; steers the sockets of opted-in pods to SMC. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/log.h"
#include "node-agent/config/config.h"
#include "node-agent/node/rights.h"
#include "node-agent/run.h"
#include "node-agent/server/socket_dir.h"
#include "node-agent/takeback.h"

enum mode { MODE_RUN, MODE_CHECK, MODE_CLEANUP };

static const char usage[] =
	"usage: smc-node-agent [--config FILE] [--cni-plugin FILE] [--check-config | --cleanup [--stay] | --version]\n"
	"\n"
	"  --config FILE   default " CONFIG_DEFAULT_PATH "\n"
	"  --cni-plugin FILE\n"
	"                  the program to install as the plugin smc-cni, and to keep in the CNI chain of\n"
	"                  the node's network. Without it the plugin is somebody else's to install\n"
	"  --check-config  only say what is wrong with the file, all of it\n"
	"  --cleanup       take back all that the agent made on this node; a stopped agent leaves\n"
	"                  steering in force. Needs no config: without one the default paths count\n"
	"  --stay          try until all is clean, then stay until SIGTERM: for a DaemonSet\n";

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

static int clean_up(const char *path)
{
	struct err err = ERR_INIT, why = ERR_INIT;
	struct config *config;
	int r = config_load(path, &config, &why);

	if (r < 0) {
		if (r != -ENOENT)
			log_warn("config cannot be used, only its paths are", "err", why.msg);
		r = config_salvage(path, &config, &err);
	}
	if (r == 0) {
		r = takeback_run(config, &err);
		config_free(config);
	}
	if (r < 0)
		log_error("clean-up is not complete", "err", err.msg);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* True when SIGTERM or SIGINT came within the time; NULL: waits for it. */
static bool told_to_end(const struct timespec *limit)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return (limit ? sigtimedwait(&set, NULL, limit) : sigwaitinfo(&set, NULL)) > 0;
}

/* The agent of this node may end later than we begin. */
static int clean_up_and_stay(const char *path)
{
	static const struct timespec pause = { .tv_sec = 3 };

	while (clean_up(path) != EXIT_SUCCESS) {
		if (told_to_end(&pause))
			return EXIT_FAILURE;
	}
	log_info("this node is clean, waiting for SIGTERM");
	while (!told_to_end(NULL))
		;
	return EXIT_SUCCESS;
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

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "cleanup", no_argument, NULL, 'x' },
		{ "stay", no_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "cni-plugin", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = CONFIG_DEFAULT_PATH, *cni_plugin = NULL;
	enum mode mode = MODE_RUN;
	bool stay = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 'p':
			cni_plugin = optarg;
			break;
		case 'k':
			mode = MODE_CHECK;
			break;
		case 'x':
			mode = MODE_CLEANUP;
			break;
		case 's':
			stay = true;
			break;
		case 'v':
			(void)puts("smc-node-agent " SMC_CNI_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			(void)fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "smc-node-agent: unexpected argument '%s'\n%s", argv[optind],
			      usage);
		return 2;
	}
	if (stay && mode != MODE_CLEANUP) {
		(void)fprintf(stderr, "smc-node-agent: --stay goes with --cleanup\n%s", usage);
		return 2;
	}
	if (mode == MODE_CHECK)
		return check_config(path);
	if (mode == MODE_CLEANUP)
		return stay ? clean_up_and_stay(path) : clean_up(path);
	if (cni_plugin && *cni_plugin != '/') {
		(void)fprintf(stderr,
			      "smc-node-agent: --cni-plugin: got '%s', allowed: an absolute path\n",
			      cni_plugin);
		return 2;
	}
	return serve(path, cni_plugin);
}
