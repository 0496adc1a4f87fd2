/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server may answer about the agents' DaemonSet, and what each answer means. */
#ifndef TESTS_DAEMONSET_ANSWERS_H
#define TESTS_DAEMONSET_ANSWERS_H

#include "tests/program/api_server.h"

#define DAEMONSET_ASKED "GET /apis/apps/v1/namespaces/smc-cni/daemonsets/smc-node-agent\n"
#define DAEMONSET_NOT_FOUND                                                                 \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404," \
	"\"details\":{\"name\":\"smc-node-agent\",\"group\":\"apps\",\"kind\":\"daemonsets\"}}"
#define DAEMONSET(more) \
	"{\"kind\":\"DaemonSet\",\"metadata\":{\"name\":\"smc-node-agent\"" more "}}"

static const struct daemonset_answer {
	const char *name;
	struct api_answer answer;
	bool gone;
} daemonset_answers[] = {
	{ "it is not there", { .status = 404, .body = DAEMONSET_NOT_FOUND }, true },
	{ "it is being deleted",
	  { .body = DAEMONSET(",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"") },
	  true },
	{ "it is there", { .body = DAEMONSET("") }, false },
	{ "a 404 of somebody else's", { .status = 404, .body = "404 page not found" }, false },
	{ "a 404 about the whole resource",
	  { .status = 404, .body = "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"details\":{}}" },
	  false },
	{ "no right to ask",
	  { .status = 403, .body = "{\"kind\":\"Status\",\"reason\":\"Forbidden\"}" },
	  false },
	{ "a token that is not taken", { .status = 401, .body = "{\"kind\":\"Status\"}" }, false },
	{ "trouble of the server", { .status = 500, .body = DAEMONSET_NOT_FOUND }, false },
	{ "a timestamp of another type", { .body = DAEMONSET(",\"deletionTimestamp\":7") }, false },
	{ "another object, which goes",
	  { .body = "{\"metadata\":{\"name\":\"b\",\"deletionTimestamp\":\"2026\"}}" },
	  false },
	{ "no JSON", { .body = "{\"metadata\":{\"deletionTimestamp\":\"2026" }, false },
	{ "an answer that breaks off",
	  { .body = "{\"metadata\":{\"deletionTimestamp\":\"2026", .end = API_CUT },
	  false },
	{ "silence", { .body = "", .end = API_HOLD }, false },
};

#define ANSWER_GONE (&daemonset_answers[0].answer)
#define ANSWER_THERE (&daemonset_answers[2].answer)

#endif
