/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/daemonset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/parse/k8s_name.h"

const char *daemonset_name(void)
{
	const char *name = getenv("DAEMONSET_NAME");

	return name && k8s_name_subdomain(name) ? name : "";
}

bool daemonset_has_us(const char *name)
{
	const char *pod = getenv("POD_NAME");
	size_t len = strlen(name);

	return !pod || (!strncmp(pod, name, len) && pod[len] == '-' && !strchr(pod + len + 1, '-'));
}

char *daemonset_path(void)
{
	const char *namespace = getenv("POD_NAMESPACE"), *name = daemonset_name();
	char *path;

	if (!namespace || !k8s_name_label(namespace) || !name[0] ||
	    asprintf(&path, "/apis/apps/v1/namespaces/%s/daemonsets/%s", namespace, name) < 0)
		return NULL;
	return path;
}

static const char *member_text(const json_t *object, const char *of, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(object, of), key));

	return text ? text : "";
}

/* A 404 counts when it is about the DaemonSet: a proxy on the way, or a server that does not know
 * the resource yet, knows nothing of it. */
enum daemonset_is daemonset_said(const struct kube_reply *reply)
{
	json_auto_t *object = NULL;

	if (reply->status != 200 && reply->status != 404)
		return DAEMONSET_UNKNOWN;
	object = json_loadb(reply->body, reply->len, 0, NULL);
	if (reply->status == 404)
		return !strcmp(member_text(object, "details", "name"), daemonset_name()) ?
			       DAEMONSET_GONE :
			       DAEMONSET_UNKNOWN;
	if (strcmp(member_text(object, "metadata", "name"), daemonset_name()) != 0)
		return DAEMONSET_UNKNOWN;
	return member_text(object, "metadata", "deletionTimestamp")[0] ? DAEMONSET_GONE :
									 DAEMONSET_THERE;
}

/* ---- a question of its own ---- */

struct asking {
	struct loop *loop;
	enum daemonset_is said;
	struct err *err;
};

static void on_reply(void *arg, const struct kube_reply *reply)
{
	struct asking *a = arg;

	a->said = daemonset_said(reply);
	if (a->said == DAEMONSET_UNKNOWN)
		(void)err_set(a->err, -EPROTO, "%s",
			      reply->error[0] ? reply->error :
						"what came is no answer about the DaemonSet");
	loop_stop(a->loop);
}

static void on_timer(void *arg)
{
	struct asking *a = arg;

	(void)err_set(a->err, -ETIMEDOUT, "no answer in %d s", DAEMONSET_ASK_MS / 1000);
	loop_stop(a->loop);
}

static void ask(struct kube *kube, const char *path, struct asking *a)
{
	struct loop_timer timer = { .fn = on_timer, .arg = a };

	if (kube_call(kube, "GET", path, NULL, on_reply, a) < 0) {
		(void)err_sys(a->err, ENOMEM, "ask the API server");
		return;
	}
	loop_arm(a->loop, &timer, clock_now_ms() + DAEMONSET_ASK_MS);
	if (loop_run(a->loop, a->err) < 0)
		a->said = DAEMONSET_UNKNOWN;
	loop_disarm(&timer);
}

enum daemonset_is daemonset_ask(const struct config *config, struct err *err)
{
	auto_free char *path = daemonset_path();
	struct asking a = { .err = err };
	struct kube *kube = NULL;

	if (!path) {
		(void)err_set(err, -EINVAL,
			      "POD_NAMESPACE and DAEMONSET_NAME do not name the agents' DaemonSet");
		return DAEMONSET_UNKNOWN;
	}
	if (loop_new(&a.loop, err) == 0 && kube_new(config, a.loop, &kube, err) == 0)
		ask(kube, path, &a);
	kube_free(kube);
	loop_free(a.loop);
	return a.said;
}
