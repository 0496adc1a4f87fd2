/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"
#include "smcctl/ask.h"
#include "smcctl/ctl.h"
#include "smcctl/filter.h"
#include "smcctl/flows_text.h"
#include "smcctl/options.h"
#include "common/table.h"

static const char help[] =
	"Usage: smcctl flows [-n NAMESPACE] [--problems] [--json] [--socket PATH] [POD | NAMESPACE/POD]\n"
	"\n"
	"With whom the steered pods of this node have talked: a line for each pod, role, peer and port of\n"
	"the service, with how many connections became SMC-R, SMC-D or stayed TCP, when the last one was,\n"
	"and why TCP. PEER is the name of a pod of this node, or an address. Behind a Service a client\n"
	"sees the Service's address. Servers know clients that speak plain TCP as one line, without\n"
	"addresses. The node remembers the 4096 that were seen last.\n"
	"\n"
	"  -n, --namespace NAMESPACE\n"
	"                  its pods only\n"
	"  --problems      only peers with a reason for TCP that somebody can act on\n"
	"  --json          everything, as docs/flows-format.md has it\n"
	"  --socket PATH   the agent's socket (default " WIRE_DEFAULT_SOCKET ")\n"
	"\n"
	"Exit status: 0; 1 the agent cannot be asked, or knows no flows on this node; 2 wrong usage.\n";

static int take(json_t *flows, const json_t *msg, struct err *err)
{
	json_t *flow = NULL;

	if (smc_json_get_object(msg, "answer", "flow", &flow, err) < 0)
		return -EPROTO;
	if (flow && json_array_append(flows, flow) < 0)
		return err_sys(err, ENOMEM, "read the answer");
	return 0;
}

static bool is_problem(const json_t *flow, const char *unused)
{
	(void)unused;
	return flows_text_is_problem(flow);
}

static int print(const json_t *flows, const struct options *o, FILE *out)
{
	if (o->json)
		return json_dumpf(flows, out, JSON_INDENT(2)) < 0 || fputc('\n', out) < 0;
	if (json_array_size(flows) > 0)
		return flows_text_print(flows, table_terminal_width(out), time(NULL), out);
	(void)fprintf(
		out,
		o->pod || o->namespace || o->problems ?
			"No such connection of a steered pod was seen (smcctl status says "
			"which pods are steered).\n" :
			"No connection of a steered pod was seen yet (smcctl status says which "
			"pods are steered).\n");
	return 0;
}

enum ctl_exit ctl_flows(int argc, char **argv, FILE *out)
{
	json_auto_t *flows = json_array();
	struct err err = ERR_INIT;
	struct options o;
	int rc;

	if (options_parse(argc, argv, false, &o) < 0) {
		(void)fprintf(stderr, "'smcctl flows --help' says how it is used\n");
		return CTL_USAGE;
	}
	if (o.help) {
		(void)fputs(help, out);
		return CTL_OK;
	}
	rc = flows ? ask_agent(o.socket, "flows", ASK_TIMEOUT_MS, take, flows, &err) :
		     err_sys(&err, ENOMEM, "ask the agent");
	if (rc < 0)
		return ask_failed(rc, &err);
	options_narrow(&o, flows);
	if (o.problems)
		(void)filter(flows, is_problem, NULL);
	return print(flows, &o, out) == 0 ? CTL_OK : CTL_FAILED;
}
