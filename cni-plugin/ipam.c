/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/ipam.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni-plugin/exec.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "common/result.h"

static void exec_result_clear(struct exec_result *r)
{
	free(r->out);
}

/* The first regular file of that name in CNI_PATH. */
static int find_program(const char *path, const char *name, char ret[PATH_MAX], struct err *err)
{
	auto_free char *copy = strdup(path);
	char *rest = copy, *dir;

	if (!copy)
		return err_sys(err, ENOMEM, "find IPAM plugin '%s'", name);
	while ((dir = strsep(&rest, ":"))) {
		struct stat st;

		if (*dir == '\0' || snprintf(ret, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
			continue;
		if (stat(ret, &st) == 0 && S_ISREG(st.st_mode) && access(ret, X_OK) == 0)
			return 0;
	}
	return err_set(err, -ENOENT, "find IPAM plugin '%s': not in CNI_PATH '%.256s'", name, path);
}

/* Our environment with another CNI_COMMAND; the caller frees the array, `command` becomes one of
 * its entries. */
static char **with_command(char *command)
{
	size_t n = 0, out = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (strncmp(environ[i], "CNI_COMMAND=", strlen("CNI_COMMAND=")) != 0)
			env[out++] = environ[i];
	}
	env[out] = command;
	return env;
}

/* An error as the specification has it: {"code": number, "msg": text}. Anything else is -EPROTO. */
static int take_error(const struct exec_result *run, const char *name, struct cni_error *e)
{
	json_t *obj = NULL;
	const char *msg;
	int64_t code;

	if (smc_json_parse_object(run->out, run->out_len, "output", &obj, NULL) == 0) {
		if (smc_json_get_int(obj, "output", "code", 1, UINT32_MAX, &code, NULL) > 0 &&
		    smc_json_get_string(obj, "output", "msg", &msg, NULL) > 0) {
			e->delegated = obj;
			return cni_fail(e, CNI_IPAM, -EREMOTEIO);
		}
		json_decref(obj);
	}
	if (WIFSIGNALED(run->status))
		return cni_fail(e, CNI_IPAM,
				err_set(&e->err, -EPROTO, "IPAM plugin '%s' died of signal %d",
					name, WTERMSIG(run->status)));
	return cni_fail(
		e, CNI_IPAM,
		err_set(&e->err, -EPROTO,
			"IPAM plugin '%s' failed with status %d and printed no CNI error: '%.128s'",
			name, WEXITSTATUS(run->status), run->out));
}

int ipam_start(const char *command, const struct env *env, const struct conf *conf,
	       struct ipam *ret, struct cni_error *e)
{
	auto_free char **envp = NULL;
	char setting[32];
	int r;

	ret->type = conf->ipam_type;
	if (*env->path == '\0')
		return cni_fail(e, CNI_ENVIRONMENT,
				err_set(&e->err, -EINVAL,
					"CNI_PATH is required to find IPAM plugin '%s'",
					conf->ipam_type));
	r = find_program(env->path, conf->ipam_type, ret->path, &e->err);
	if (r < 0)
		return cni_fail(e, CNI_IPAM, r);
	(void)snprintf(setting, sizeof(setting), "CNI_COMMAND=%s", command);
	envp = with_command(setting);
	if (!envp)
		return cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "run '%s'", ret->path));
	r = exec_start(ret->path, envp, conf->ipam_timeout_ms, &ret->exec, &e->err);
	return cni_fail(e, CNI_IPAM, r);
}

bool ipam_uses_interface(const struct conf *conf)
{
	return !strcmp(conf->ipam_type, "dhcp");
}

void ipam_ask(struct ipam *ipam, const struct conf *conf)
{
	exec_feed(&ipam->exec, conf->text, conf->text_len);
}

int ipam_tell(struct ipam *ipam, const struct conf *conf, struct cni_error *e)
{
	auto_with(exec_result_clear) struct exec_result result = { 0 };
	int r;

	ipam_ask(ipam, conf);
	r = cni_fail(e, CNI_IPAM, exec_finish(&ipam->exec, &result, &e->err));
	if (r < 0)
		return r;
	return result.status == 0 ? 0 : take_error(&result, ipam->type, e);
}

int ipam_call(const char *command, const struct env *env, const struct conf *conf,
	      struct cni_error *e)
{
	struct ipam ipam;
	int r;

	if (*conf->ipam_type == '\0')
		return 0;
	r = ipam_start(command, env, conf, &ipam, e);
	return r < 0 ? r : ipam_tell(&ipam, conf, e);
}

void ipam_undo(const struct env *env, const struct conf *conf)
{
	struct cni_error e = { 0 };

	if (ipam_call("DEL", env, conf, &e) < 0) {
		auto_free char *text = e.delegated ? json_dumps(e.delegated, JSON_COMPACT) : NULL;

		log_warn("give back the address of a failed ADD, ignoring", "ipam", conf->ipam_type,
			 "err", text ? text : e.err.msg);
	}
	cni_error_clear(&e);
}

static int take_lease(const char *out, size_t len, const char *type, json_t **ret, struct err *err)
{
	json_auto_t *raw = NULL, *lease = NULL;
	struct result_ip ip;
	int r = smc_json_parse_object(out, len, "output", &raw, err);

	if (r == 0)
		r = result_import(raw, "result", &lease, err);
	if (r < 0)
		return err_prefix(err, r, "IPAM plugin '%s'", type);
	if (!result_ip_at(lease, 0, &ip))
		return err_set(err, -EPROTO, "IPAM plugin '%s' gave no address", type);
	*ret = TAKE_PTR(lease);
	return 0;
}

static bool is_lease(void *arg, const char *out, size_t len)
{
	struct ipam *ipam = arg;

	ipam->lease_len = len;
	return take_lease(out, len, ipam->type, &ipam->lease, NULL) == 0;
}

bool ipam_wait(struct ipam *ipam)
{
	exec_wait(&ipam->exec, is_lease, ipam);
	return ipam->lease;
}

int ipam_finish(struct ipam *ipam, struct cni_error *e)
{
	auto_with(exec_result_clear) struct exec_result result = { 0 };
	json_auto_t *lease = NULL;
	int r = exec_finish(&ipam->exec, &result, &e->err);

	if (r == 0 && result.status != 0)
		r = take_error(&result, ipam->type, e);
	else if (r == 0 && (!ipam->lease || result.out_len != ipam->lease_len))
		r = take_lease(result.out, result.out_len, ipam->type, &lease, &e->err);
	if (r == 0 && !ipam->lease)
		ipam->lease = TAKE_PTR(lease);
	return cni_fail(e, CNI_IPAM, r);
}

void ipam_clear(struct ipam *ipam)
{
	exec_clear(&ipam->exec);
	json_decref(ipam->lease);
}
