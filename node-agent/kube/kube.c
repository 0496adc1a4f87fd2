/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/kube/kube.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "node-agent/kube/impl.h"

static void cleanup_kube(struct kube **k)
{
	kube_free(*k);
}

int kube_new(const struct config *config, struct loop *loop, struct kube **ret, struct err *err)
{
	auto_with(cleanup_kube) struct kube *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return err_sys(err, ENOMEM, "prepare access to the API server");
	k->loop = loop;
	k->start = (struct loop_timer){ .fn = kube_request_start, .arg = k };
	r = config->kubeconfig[0] ? kube_access_kubeconfig(config->kubeconfig, &k->access, err) :
				    kube_access_in_cluster(&k->access, err);
	if (r == 0)
		r = kube_multi_open(k, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(k);
	return 0;
}

void kube_free(struct kube *k)
{
	if (!k)
		return;
	while (k->requests)
		kube_request_free(k->requests);
	loop_disarm(&k->start);
	kube_multi_close(k);
	kube_access_clear(&k->access);
	free(k);
}

const char *kube_server(const struct kube *k)
{
	return k->access.server;
}
