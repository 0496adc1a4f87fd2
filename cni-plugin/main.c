/* SPDX-License-Identifier: Apache-2.0 */
/* smc-cni: the CNI plugin. One verb a run, one JSON document on stdout; see docs/man/smc-cni.8. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni-plugin/cmd.h"
#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "common/json.h"

struct verb {
	cmd_fn *run;
	enum cni_version since;
};

static const struct verb verbs[] = {
	[ENV_ADD] = { cmd_add, CNI_0_3_0 },	  [ENV_DEL] = { cmd_del, CNI_0_3_0 },
	[ENV_CHECK] = { cmd_check, CNI_0_4_0 },	  [ENV_GC] = { cmd_gc, CNI_1_1_0 },
	[ENV_STATUS] = { cmd_status, CNI_1_1_0 },
};

static int print(const json_t *doc)
{
	FAULT_KILL("answer");
	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2)) < 0 || putchar('\n') < 0 ||
	    fflush(stdout) < 0)
		return -EIO;
	return 0;
}

/* VERSION needs no configuration; a version that stdin names is echoed. */
static int version(json_t **ret, struct cni_error *e)
{
	auto_free char *text = NULL;
	json_auto_t *conf = NULL;
	const char *asked = NULL;
	size_t len;

	if (file_read_fd(STDIN_FILENO, "stdin", CONF_MAX, &text, &len, NULL) == 0 &&
	    smc_json_parse_object(text, len, "stdin", &conf, NULL) == 0)
		(void)smc_json_get_string(conf, "stdin", "cniVersion", &asked, NULL);
	*ret = version_report(asked);
	return *ret ? 0 : cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write version"));
}

static int run_verb(const struct env *env, const struct conf *conf, json_t **ret,
		    struct cni_error *e)
{
	const struct verb *verb = &verbs[env->command];
	int r;

	if (conf->version < verb->since)
		return cni_fail(
			e, CNI_VERSION,
			err_set(&e->err, -EINVAL,
				"netconf: 'cniVersion' is '%s', but this verb exists since '%s'",
				version_text(conf->version), version_text(verb->since)));
	FAULT_SCOPE(getenv("CNI_COMMAND"));
	r = verb->run(env, conf, ret, e);
	if (r == 0 && !*ret) { /* nothing is to be said, but a document must be printed */
		*ret = json_pack("{s:s}", "cniVersion", version_text(conf->version));
		return *ret ? 0 :
			      cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write answer"));
	}
	return r;
}

/* Chained it is for the plugin before ours, which may know more spellings of it. */
static int take_mac(const struct env *env, struct conf *conf, struct cni_error *e)
{
	uint8_t mac[ETH_ALEN];

	if (!conf->standalone || !*env->mac || conf->interface.mac_is_runtimes)
		return 0;
	if (!conf_mac_parse(env->mac, mac))
		return cni_fail(
			e, CNI_ENVIRONMENT,
			err_set(&e->err, -EINVAL,
				"CNI_ARGS: 'MAC' is '%s'; allowed is a unicast address like "
				"02:00:00:00:00:01",
				env->mac));
	return cni_fail(e, CNI_CONFIG, conf_interface_set_mac(&conf->interface, mac, &e->err));
}

static int run(enum cni_version *ret_version, json_t **ret, struct cni_error *e)
{
	auto_with(conf_clear) struct conf conf = { .version = *ret_version };
	auto_free char *text = NULL;
	struct env env;
	size_t len;
	int r = cni_fail(e, CNI_ENVIRONMENT, env_read(&env, &e->err));

	if (r < 0)
		return r;
	if (env.command == ENV_VERSION)
		return version(ret, e);
	r = cni_fail(e, CNI_IO,
		     file_read_fd(STDIN_FILENO, "stdin", CONF_MAX, &text, &len, &e->err));
	if (r < 0)
		return r;
	r = conf_parse(text, len, env.command == ENV_ADD, &conf, e);
	*ret_version = conf.version;
	if (r < 0)
		return r;
	r = take_mac(&env, &conf, e);
	if (r < 0)
		return r;
	return run_verb(&env, &conf, ret, e);
}

/* A runtime passes no arguments; this is for people who wonder what is installed. */
static int answer_person(char **argv)
{
	static const char usage[] =
		"Usage: CNI_COMMAND=VERB smc-cni < CONFIGURATION\n"
		"       smc-cni --version | --help\n"
		"A CNI plugin: container runtimes run it. Its man page is smc-cni(8).\n";
	bool bare = !argv[2];

	if (bare && !strcmp(argv[1], "--version"))
		return puts("smc-cni " SMC_CNI_VERSION) < 0;
	if (bare && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	(void)fprintf(stderr, "smc-cni: unexpected argument '%s'\n%s", argv[bare ? 1 : 2], usage);
	return 2;
}

int main(int argc, char **argv)
{
	enum cni_version v = CNI_1_1_0;
	struct cni_error e = { 0 };
	json_auto_t *answer = NULL;
	json_auto_t *failure = NULL;
	int r;

	if (argc > 1 && !getenv("CNI_COMMAND"))
		return answer_person(argv);
	(void)signal(SIGPIPE, SIG_IGN); /* exec.h */
	(void)signal(SIGCHLD, SIG_DFL); /* if it is ignored, wait(2) tells no status */
	r = run(&v, &answer, &e);
	if (r < 0)
		failure = cni_error_to_json(&e, version_text(v));
	if (print(r < 0 ? failure : answer) < 0 || r < 0)
		r = 1;
	cni_error_clear(&e);
	return r;
}
