/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/ask.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/wire.h"
#include "smcctl/harmless.h"

/* Takes one message. Returns 1 at the end. */
static int take_one(json_t *answer, json_t *msg, ask_take_fn *take, struct err *err)
{
	bool end = false;
	int rc = harmless(msg, err);

	if (rc < 0)
		return rc;
	if (smc_json_get_bool(msg, "answer", "end", &end, err) < 0)
		return -EPROTO;
	rc = take(answer, msg, err);
	return rc < 0 ? rc : end;
}

int ask_agent(const char *socket_path, const char *verb, int timeout_ms, ask_take_fn *take,
	      json_t *answer, struct err *err)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	json_auto_t *request = wire_request(verb);
	auto_close int sock = -1;
	int rc;

	if (!request)
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
		rc = take_one(answer, msg, take, err);
	}
	return rc < 0 ? rc : 0;
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

enum ctl_exit ask_failed(int rc, const struct err *err)
{
	(void)fprintf(stderr, "smcctl: %s\n", err->msg);
	if (hint(rc))
		(void)fprintf(stderr, "%s\n", hint(rc));
	return CTL_FAILED;
}
