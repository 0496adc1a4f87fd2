/* SPDX-License-Identifier: Apache-2.0 */
/* Room kube/: the client of the API server: requests, lists and watches by libcurl.
 * Thread: the loop's; nothing waits.
 * Never: knows what an object means, or touches this node.
 */

/* The client of the API server: libcurl's multi interface in the agent's loop. Loop thread only;
 * nothing waits.
 *
 * Where the server is and who we are: access.h. HTTP/1.1 over TLS, the server's certificate is
 * always checked, redirects are not followed.
 */
#ifndef SMC_AGENT_KUBE_H
#define SMC_AGENT_KUBE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "node-agent/config/config.h"
#include "node-agent/loop/loop.h"

#define KUBE_BODY_MAX (1024 * 1024) /* bytes of an answer; more is an error */

struct kube;

struct kube_reply { /* borrowed, for the time of the call that it is given to */
	int status; /* of HTTP; 0: no answer came */
	const char *body; /* NUL-terminated, len bytes; "" if there is none */
	size_t len;
	int64_t retry_after_ms; /* of a 429 or 503; 0: not said */
	const char *error; /* "" of a whole 2xx answer; else a sentence: method, path and cause */
};

typedef void kube_reply_fn(void *arg, const struct kube_reply *reply);

/* Reads config->kubeconfig, or finds the service account; makes no request. The loop must outlive
 * it. */
int kube_new(const struct config *config, struct loop *loop, struct kube **ret, struct err *err);
/* Ends all requests; their functions are not called. It must not be called from one of those. NULL
 * is fine. */
void kube_free(struct kube *k);

const char *kube_server(const struct kube *k); /* URL, for status */

/* One request, ended after 30 s. path: from "/" on, escaped where it must be. body: owned, may be
 * NULL; sent as JSON (that of a PATCH as a merge patch). reply is called once, from the loop, never
 * from within this call; it may be NULL. No retries: that is the caller's. -ENOMEM: reply is not
 * called. */
int kube_call(struct kube *k, const char *method, const char *path, json_t *body,
	      kube_reply_fn *reply, void *arg);

/* ---- answers that come in pieces: lists and watches ---- */

struct kube_stream;

/* A piece of a 2xx body, of any length; the first time, when the answer begins, of none. False: the
 * caller has no use for the rest; the request is ended and `done` follows. It must not cancel
 * requests or free the client. */
typedef bool kube_data_fn(void *arg, const char *data, size_t len);

/* GET. `accept`: the header's value. timeout_ms: of the whole answer; 0: none. done: called once at
 * the end, from the loop, with an empty body; the stream is gone then. *ret is valid until then.
 * -ENOMEM. */
int kube_stream(struct kube *k, const char *path, const char *accept, int64_t timeout_ms,
		kube_data_fn *data, kube_reply_fn *done, void *arg, struct kube_stream **ret);
/* Ends the request; `done` is not called. It must not be called from its data function. NULL is
 * fine. */
void kube_cancel(struct kube_stream *s);

#endif
