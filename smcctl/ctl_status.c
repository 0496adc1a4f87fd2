#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/wire.h"
#include "smcctl/ctl.h"
#include "smcctl/status.h"
#include "smcctl/status_text.h"

#define TIMEOUT_MS 10000

struct options {
	bool help;
	bool json;
	const char *socket;
	const char *pod; /* NULL: all */
};

static const char help[] = "Usage: smcctl status [--json] [--socket PATH] [POD | NAMESPACE/POD]\n"
			   "\n"
			   "What the agent of this node knows: the node, and a line for each pod; "
			   "with a name, all about\n"
			   "that pod. STEERED and MISSED count sockets, SMC-R, SMC-D and FALLBACK "
			   "count connections since\n"
			   "the pod began; USES is what they came to use.\n"
			   "\n"
			   "  --json         everything, as docs/status-format.md has it\n"
			   "  --socket PATH  the agent's socket (default " WIRE_DEFAULT_SOCKET
			   ")\n";

static int parse_options(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*ret = (struct options){ .socket = WIRE_DEFAULT_SOCKET };
	optind = 0; /* begin anew: GNU getopt */
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h')
			ret->help = true;
		else if (c == 'j')
			ret->json = true;
		else if (c == 's')
			ret->socket = optarg;
		else
			return -EINVAL; /* getopt has said what is wrong */
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
	rc = status_fetch(o.socket, TIMEOUT_MS, &status, &err);
	if (rc < 0)
		return fail(rc, &err);
	if (o.pod && status_filter(status, o.pod) == 0) {
		(void)fprintf(stderr, "smcctl: the agent knows no pod '%s' on this node\n", o.pod);
		return CTL_FAILED;
	}
	if (o.json)
		rc = json_dumpf(status, out, JSON_INDENT(2)) < 0 || fputc('\n', out) < 0;
	else if (o.pod)
		print_pods(status, out);
	else
		rc = status_text_print(status, terminal_width(out), out);
	return rc == 0 ? CTL_OK : CTL_FAILED;
}
