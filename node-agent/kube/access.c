/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/kube/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void kube_access_clear(struct kube_access *a)
{
	free(a->server);
	free(a->proxy);
	kube_text_clear(&a->ca);
	kube_text_clear(&a->token);
	kube_text_clear(&a->cert);
	kube_text_clear(&a->key);
	*a = (struct kube_access){ 0 };
}

static char *below(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static int make_server(const char *host, const char *port, char **ret, struct err *err)
{
	bool v6 = strchr(host, ':') != NULL;
	char *end;
	long number = strtol(port, &end, 10);

	if (*end || number < 1 || number > 65535)
		return err_set(err, -EINVAL,
			       "KUBERNETES_SERVICE_PORT is '%.64s', allowed: 1 to 65535", port);
	if (strpbrk(host, "/?#@ ") || strlen(host) > 253)
		return err_set(
			err, -EINVAL,
			"KUBERNETES_SERVICE_HOST is '%.64s', allowed: an address or a host name",
			host);
	if (asprintf(ret, "https://%s%s%s:%ld", v6 ? "[" : "", host, v6 ? "]" : "", number) < 0) {
		*ret = NULL;
		return err_sys(err, ENOMEM, "find the API server");
	}
	return 0;
}

int kube_access_in_cluster(struct kube_access *ret, struct err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	const char *dir = getenv(KUBE_ACCOUNT_ENV);
	struct kube_access a = { 0 };
	int r;

	if (!host || !host[0] || !port || !port[0])
		return err_set(
			err, -ENOENT,
			"key 'kubeconfig' is empty and this is no pod (KUBERNETES_SERVICE_HOST and "
			"KUBERNETES_SERVICE_PORT are not set): no way to the API server is known");
	if (!dir || !dir[0])
		dir = KUBE_ACCOUNT_DIR;
	r = make_server(host, port, &a.server, err);
	if (r == 0)
		r = kube_text_open(&a.token, below(dir, "token"), "service account's token", err);
	if (r == 0)
		r = kube_text_open(&a.ca, below(dir, "ca.crt"), "service account's CA", err);
	if (r < 0) {
		kube_access_clear(&a);
		return r;
	}
	*ret = a;
	return 0;
}
