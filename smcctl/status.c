/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/status.h"

#include <errno.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "smcctl/ask.h"

/* Takes the node or a pod out of a message. */
static int take(json_t *status, const json_t *msg, struct err *err)
{
	json_t *node = NULL, *pod = NULL;

	if (smc_json_get_object(msg, "answer", "node", &node, err) < 0 ||
	    smc_json_get_object(msg, "answer", "pod", &pod, err) < 0)
		return -EPROTO;
	if (node && json_object_set(status, "node", node) < 0)
		return err_sys(err, ENOMEM, "read the answer");
	if (pod && json_array_append(json_object_get(status, "pods"), pod) < 0)
		return err_sys(err, ENOMEM, "read the answer");
	return 0;
}

int status_fetch(const char *socket_path, int timeout_ms, json_t **ret, struct err *err)
{
	json_auto_t *status = json_pack("{s:n, s:[]}", "node", "pods");
	int rc;

	if (!status)
		return err_sys(err, ENOMEM, "ask the agent");
	rc = ask_agent(socket_path, "status", timeout_ms, take, status, err);
	if (rc < 0)
		return rc;
	if (json_is_null(json_object_get(status, "node")))
		return err_set(err, -EPROTO, "answer: 'node' is missing");
	*ret = TAKE_PTR(status);
	return 0;
}
