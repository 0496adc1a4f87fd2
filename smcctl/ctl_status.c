/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/wire.h"
#include "smcctl/ctl.h"
#include "smcctl/get.h"
#include "smcctl/status.h"
#include "smcctl/status_text.h"

#define TIMEOUT_MS 10000
#define WAIT_S 60
#define WAIT_MAX_S 3600
#define PAUSE_MS 500 /* between two questions of --wait */

struct options {
	bool help;
	bool json;
	bool problems;
	int wait_s; /* 0: does not wait */
	const char *socket;
	const char *namespace; /* NULL: all */
	const char *pod; /* NULL: all */
};

static const char help[] =
	"Usage: smcctl status [-n NAMESPACE] [--problems] [--wait[=SECONDS]] [--json] [--socket PATH]\n"
	"                     [POD | NAMESPACE/POD]\n"
	"\n"
	"What the agent of this node knows: the node, and a line for each pod; with a name, all about\n"
	"that pod. STEERED and MISSED count sockets, SMC-R, SMC-D and FALLBACK count connections since\n"
	"the pod began; USES is what they came to use. Where the terminal is narrow, WHY comes below,\n"
	"each reason once.\n"
	"\n"
	"  -n, --namespace NAMESPACE\n"
	"                  its pods only\n"
	"  --problems      only pods that asked for SMC and do not have it, or have less than they could\n"
	"  --wait[=SECONDS]\n"
	"                  until every pod shown that asked for SMC has it, 60 s at most by default\n"
	"  --json          everything, as docs/status-format.md has it\n"
	"  --socket PATH   the agent's socket (default " WIRE_DEFAULT_SOCKET ")\n"
	"\n"
	"Exit status: 0; 1 the agent cannot be asked, or what was waited for did not come; 2 wrong usage;\n"
	"3 the node cannot steer (the line Ready says why; not with --json, which has it as node.ready).\n";

static int parse_seconds(const char *text, int *ret)
{
	char *end;
	long n = text ? strtol(text, &end, 10) : WAIT_S;

	if (text && (*end || n < 1 || n > WAIT_MAX_S)) {
		(void)fprintf(stderr, "smcctl: --wait: got '%s', allowed: 1 to %d seconds\n", text,
			      WAIT_MAX_S);
		return -EINVAL;
	}
	*ret = (int)n;
	return 0;
}

static int take_option(int c, struct options *ret)
{
	switch (c) {
	case 'h':
		ret->help = true;
		return 0;
	case 'j':
		ret->json = true;
		return 0;
	case 'p':
		ret->problems = true;
		return 0;
	case 'n':
		ret->namespace = optarg;
		return 0;
	case 's':
		ret->socket = optarg;
		return 0;
	case 'w':
		return parse_seconds(optarg, &ret->wait_s);
	default:
		return -EINVAL; /* getopt has said what is wrong */
	}
}

static int parse_options(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "problems", no_argument, NULL, 'p' },
		{ "namespace", required_argument, NULL, 'n' },
		{ "wait", optional_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*ret = (struct options){ .socket = WIRE_DEFAULT_SOCKET };
	optind = 0; /* GNU getopt begins anew with this */
	while ((c = getopt_long(argc, argv, "hn:", longs, NULL)) != -1) {
		if (take_option(c, ret) < 0)
			return -EINVAL;
	}
	if (argc - optind > 1) {
		(void)fprintf(stderr, "smcctl: status takes one pod, got '%s' and '%s'\n",
			      argv[optind], argv[optind + 1]);
		return -EINVAL;
	}
	if (optind < argc)
		ret->pod = argv[optind];
	return 0;
}

/* What to look at when the agent does not answer. */
static const char *hint(int rc)
{
	switch (rc) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "The agent is not running on this node, or has another 'socket' in its "
		       "agent.yaml (then: --socket PATH).";
	case -EACCES:
	case -EPERM:
	case -ECONNRESET:
		return "The agent answers root only: try sudo.";
	case -ETIMEDOUT:
		return "The agent is there but does not answer: see its log.";
	default:
		return NULL;
	}
}

static enum ctl_exit fail(int rc, const struct err *err)
{
	(void)fprintf(stderr, "smcctl: %s\n", err->msg);
	if (hint(rc))
		(void)fprintf(stderr, "%s\n", hint(rc));
	return CTL_FAILED;
}

/* Columns of the terminal behind out, 0 when there is none. */
static int terminal_width(FILE *out)
{
	struct winsize size = { 0 };
	int fd = fileno(out);

	if (fd < 0 || !isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void print_pods(const json_t *status, FILE *out)
{
	const json_t *pod;
	size_t i;

	json_array_foreach(json_object_get(status, "pods"), i, pod) {
		if (i > 0)
			(void)fputc('\n', out);
		status_text_print_pod(pod, out);
	}
}

/* Drops what was not asked about. */
static void narrow(json_t *status, const struct options *o)
{
	if (o->pod)
		(void)status_filter(status, o->pod);
	if (o->namespace)
		(void)status_filter_namespace(status, o->namespace);
}

static bool all_have_it(const json_t *status)
{
	const json_t *pods = json_object_get(status, "pods"), *pod;
	size_t i;

	json_array_foreach(pods, i, pod) {
		if (!get_bool(pod, "policy.in_force") &&
		    (get_bool(pod, "policy.invalid") ||
		     strcmp(get_string(pod, "policy.steer"), "disabled") != 0))
			return false;
	}
	return true;
}

/* Asks once, or until there is nothing left to wait for. 1: the time is over, and *ret is as it was
 * then. */
static int ask(const struct options *o, json_t **ret, struct err *err)
{
	int64_t end_ms = clock_now_ms() + (int64_t)o->wait_s * 1000;

	for (;;) {
		int rc = status_fetch(o->socket, TIMEOUT_MS, ret, err);

		if (rc < 0)
			return rc;
		narrow(*ret, o);
		if (!o->wait_s || (all_have_it(*ret) &&
				   (!o->pod || json_array_size(json_object_get(*ret, "pods")))))
			return 0;
		if (clock_now_ms() >= end_ms)
			return 1;
		json_decref(TAKE_PTR(*ret));
		(void)usleep(PAUSE_MS * 1000);
	}
}

static int print(json_t *status, const struct options *o, FILE *out)
{
	if (o->problems)
		status_filter_problems(status);
	if (o->json)
		return json_dumpf(status, out, JSON_INDENT(2)) < 0 || fputc('\n', out) < 0;
	if (o->pod) {
		print_pods(status, out);
		return 0;
	}
	return status_text_print(status, terminal_width(out), out);
}

enum ctl_exit ctl_status(int argc, char **argv, FILE *out)
{
	json_auto_t *status = NULL;
	struct err err = ERR_INIT;
	struct options o;
	int rc;

	if (parse_options(argc, argv, &o) < 0) {
		(void)fprintf(stderr, "'smcctl status --help' says how it is used\n");
		return CTL_USAGE;
	}
	if (o.help) {
		(void)fputs(help, out);
		return CTL_OK;
	}
	rc = ask(&o, &status, &err);
	if (rc < 0)
		return fail(rc, &err);
	if (o.pod && json_array_size(json_object_get(status, "pods")) == 0) {
		(void)fprintf(stderr, "smcctl: the agent knows no pod '%s' on this node\n", o.pod);
		return CTL_FAILED;
	}
	if (rc == 1)
		(void)fprintf(stderr, "smcctl: not all that asked for SMC have it after %d s\n",
			      o.wait_s);
	if (print(status, &o, out) != 0 || rc == 1)
		return CTL_FAILED;
	return o.json || get_bool(status, "node.ready") ? CTL_OK : CTL_NODE;
}
