/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/status.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/wire.h"
#include "smcctl/get.h"
#include "smcctl/harmless.h"
#include "smcctl/reasons.h"

/* Takes the node, a pod or the end out of a message. Returns 1 at the end. */
static int take(json_t *status, const json_t *msg, struct err *err)
{
	json_t *node = NULL, *pod = NULL;
	bool end = false;

	if (smc_json_get_object(msg, "answer", "node", &node, err) < 0 ||
	    smc_json_get_object(msg, "answer", "pod", &pod, err) < 0 ||
	    smc_json_get_bool(msg, "answer", "end", &end, err) < 0)
		return -EPROTO;
	if (node && json_object_set(status, "node", node) < 0)
		return err_sys(err, ENOMEM, "read the answer");
	if (pod && json_array_append(json_object_get(status, "pods"), pod) < 0)
		return err_sys(err, ENOMEM, "read the answer");
	if (end && json_is_null(json_object_get(status, "node")))
		return err_set(err, -EPROTO, "answer: 'node' is missing");
	return end;
}

int status_fetch(const char *socket_path, int timeout_ms, json_t **ret, struct err *err)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	json_auto_t *status = json_pack("{s:n, s:[]}", "node", "pods");
	json_auto_t *request = wire_request("status");
	auto_close int sock = -1;
	int rc;

	if (!status || !request)
		return err_sys(err, ENOMEM, "ask the agent");
	sock = wire_connect(socket_path, deadline_ms, err);
	if (sock < 0)
		return sock;
	for (rc = 0; rc == 0;) {
		json_auto_t *msg = NULL;

		/* Only the first answer may be a refusal; the others only tell. */
		rc = request ? wire_call(sock, request, -1, deadline_ms, &msg, NULL, err) :
			       wire_recv(sock, &msg, NULL, deadline_ms, err);
		if (rc < 0)
			return err_prefix(err, rc, "ask the agent at '%s'", socket_path);
		json_decref(TAKE_PTR(request));
		rc = harmless(msg, err);
		if (rc == 0)
			rc = take(status, msg, err);
	}
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(status);
	return 0;
}

static bool matches(const json_t *pod, const char *name)
{
	const char *pod_ns = json_string_value(json_object_get(pod, "namespace"));
	const char *pod_name = json_string_value(json_object_get(pod, "name"));
	const char *slash = strchr(name, '/');

	if (!pod_ns || !pod_name)
		return false;
	if (!slash)
		return strcmp(pod_name, name) == 0;
	return strlen(pod_ns) == (size_t)(slash - name) &&
	       strncmp(pod_ns, name, strlen(pod_ns)) == 0 && strcmp(pod_name, slash + 1) == 0;
}

static bool is_in(const json_t *pod, const char *namespace)
{
	return strcmp(get_string(pod, "namespace"), namespace) == 0;
}

static bool is_problem(const json_t *pod, const char *unused)
{
	(void)unused;
	return reasons_is_problem(pod);
}

static size_t filter(json_t *status, bool (*keep)(const json_t *pod, const char *arg),
		     const char *arg)
{
	json_t *pods = json_object_get(status, "pods");
	size_t i = 0;

	while (i < json_array_size(pods)) {
		if (keep(json_array_get(pods, i), arg))
			i++;
		else
			(void)json_array_remove(pods, i);
	}
	return i;
}

size_t status_filter(json_t *status, const char *name)
{
	return filter(status, matches, name);
}

size_t status_filter_namespace(json_t *status, const char *namespace)
{
	return filter(status, is_in, namespace);
}

size_t status_filter_problems(json_t *status)
{
	return filter(status, is_problem, NULL);
}
