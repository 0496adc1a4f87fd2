/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "perf/client.h"
#include "perf/report.h"
#include "perf/server.h"

enum perf_exit {
	PERF_OK = 0,
	PERF_FAILED = 1,
	PERF_USAGE = 2,
	PERF_NO_SMC = 3, /* SMC was asked for, and is not what there was */
};

static const char help[] =
	"Usage: smc-perf server [--port N] [--bind ADDRESS] [--unix PATH] [--once]\n"
	"       smc-perf client HOST [--port N] [--unix PATH] [--over LIST] [--measure LIST]\n"
	"                       [--rounds N] [--seconds N] [--connections N] [--wait SECONDS]\n"
	"                       [--json]\n"
	"       smc-perf version\n"
	"\n"
	"Measures SMC against TCP between two places. The program makes its sockets itself, so that\n"
	"no annotation is needed, and makes them in turns, so that a drift of the machines falls out.\n"
	"A connection that has fallen back to TCP is never called SMC.\n"
	"\n"
	"  --port N          TCP's port; SMC has the next one (default 4720)\n"
	"  --bind ADDRESS    where the server listens (default: 0.0.0.0)\n"
	"  --unix PATH       serve, or measure, a UNIX socket as well: on one machine\n"
	"  --once            end when the first client has left\n"
	"  --over LIST       tcp, smc, unix, fallback (an SMC socket to a TCP server), with commas;\n"
	"                    ratios are to the first one (default: tcp,smc and with --unix unix)\n"
	"  --measure LIST    memory, round-trip, connect, stream, parallel (default: all)\n"
	"  --rounds N        1 to 100 (default 6)\n"
	"  --seconds N       0.01 to 60, for each sample (default 0.5)\n"
	"  --connections N   at most so many at a time, 1 to 10000 (default 1000)\n"
	"  --wait SECONDS    for the server to be there (default 0)\n"
	"  --json            everything, as docs/perf-format.md has it\n"
	"\n"
	"Exit status: 0; 1 it could not be measured; 2 wrong usage; 3 SMC was asked for, and a\n"
	"connection was TCP.\n";

static enum perf_exit usage(const struct err *err)
{
	(void)fprintf(stderr, "smc-perf: %s\n'smc-perf --help' says how it is used\n", err->msg);
	return PERF_USAGE;
}

static enum perf_exit failed(int r, const struct err *err)
{
	(void)fprintf(stderr, "smc-perf: %s\n", err->msg);
	return r == -EPROTONOSUPPORT ? PERF_NO_SMC : PERF_FAILED;
}

/* Output that could not be written is a failure. */
static enum perf_exit finish(enum perf_exit rc)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	perror("smc-perf: write the results");
	return rc == PERF_OK ? PERF_FAILED : rc;
}

static enum perf_exit show_help(void)
{
	(void)fputs(help, stdout);
	return finish(PERF_OK);
}

static enum perf_exit serve(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct target where;
	struct options o;
	int r;

	if (options_server(argc, argv, &o, &err) < 0)
		return usage(&err);
	if (o.help)
		return show_help();
	r = target_find(o.host, o.port, &where, &err);
	if (r == 0 && o.unix_path)
		r = target_set_unix(&where, o.unix_path, &err);
	if (r == 0)
		r = server_run(&where, o.once, &err);
	return failed(r, &err);
}

static int show(const struct options *o, const struct bench *b, const struct results *results)
{
	json_auto_t *json = NULL;

	if (!o->json)
		return report_text(o, b, results, stdout);
	json = report_json(o, b, results);
	return json && json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0 &&
			       fputc('\n', stdout) == '\n' ?
		       0 :
		       -ENOMEM;
}

static enum perf_exit measure(int argc, char **argv)
{
	struct results results auto_with(results_free) = { .n_cells = 0 };
	struct bench bench = { .info_fd = -1 };
	const struct verdict *refused;
	struct err err = ERR_INIT;
	enum transport over;
	struct options o;
	int r;

	if (options_client(argc, argv, &o, &err) < 0)
		return usage(&err);
	if (o.help)
		return show_help();
	r = client_open(&o, &bench, &err);
	if (r == 0)
		r = client_run(&o, &bench, &results, isatty(STDERR_FILENO) ? stderr : NULL, &err);
	if (r == 0) {
		r = show(&o, &bench, &results);
		if (r < 0)
			(void)err_sys(&err, r, "show the results");
	}
	if (r == 0) {
		refused = results_refused(&results, &over);
		r = refused ? verdict_refuse(over, refused, &err) : 0;
	}
	if (bench.info_fd >= 0)
		(void)close(bench.info_fd);
	return finish(r < 0 ? failed(r, &err) : PERF_OK);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	struct err err = ERR_INIT;

	if (strcmp(name, "server") == 0)
		return (int)serve(argc - 1, argv + 1);
	if (strcmp(name, "client") == 0)
		return (int)measure(argc - 1, argv + 1);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
		return (int)show_help();
	if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
		(void)printf("smc-perf %s\n", SMC_CNI_VERSION);
		return (int)finish(PERF_OK);
	}
	(void)err_set(&err, -EINVAL, *name ? "unknown command '%s'" : "no command%s", name);
	return (int)usage(&err);
}
