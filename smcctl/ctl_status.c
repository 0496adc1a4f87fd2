/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/wire.h"
#include "smcctl/ask.h"
#include "smcctl/ctl.h"
#include "smcctl/filter.h"
#include "smcctl/get.h"
#include "smcctl/options.h"
#include "smcctl/reasons.h"
#include "smcctl/status.h"
#include "smcctl/status_text.h"
#include "common/table.h"

#define PAUSE_MS 500 /* between two questions of --wait */

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

static bool is_problem(const json_t *pod, const char *unused)
{
	(void)unused;
	return reasons_is_problem(pod);
}

/* Asks once, or until there is nothing left to wait for. 1: the time is over, and *ret is as it was
 * then. */
static int ask(const struct options *o, json_t **ret, struct err *err)
{
	int64_t end_ms = clock_now_ms() + (int64_t)o->wait_s * 1000;

	for (;;) {
		int rc = status_fetch(o->socket, ASK_TIMEOUT_MS, ret, err);

		if (rc < 0)
			return rc;
		options_narrow(o, json_object_get(*ret, "pods"));
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
		(void)filter(json_object_get(status, "pods"), is_problem, NULL);
	if (o->json)
		return json_dumpf(status, out, JSON_INDENT(2)) < 0 || fputc('\n', out) < 0;
	if (o->pod) {
		print_pods(status, out);
		return 0;
	}
	return status_text_print(status, table_terminal_width(out), out);
}

enum ctl_exit ctl_status(int argc, char **argv, FILE *out)
{
	json_auto_t *status = NULL;
	struct err err = ERR_INIT;
	struct options o;
	int rc;

	if (options_parse(argc, argv, true, &o) < 0) {
		(void)fprintf(stderr, "'smcctl status --help' says how it is used\n");
		return CTL_USAGE;
	}
	if (o.help) {
		(void)fputs(help, out);
		return CTL_OK;
	}
	rc = ask(&o, &status, &err);
	if (rc < 0)
		return ask_failed(rc, &err);
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
