/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the API server's client share: kube.c (set-up), multi.c (libcurl in the loop),
 * options.c and request.c (one request). */
#ifndef SMC_AGENT_KUBE_IMPL_H
#define SMC_AGENT_KUBE_IMPL_H

#include <curl/curl.h>

#include "node-agent/kube/access.h"
#include "node-agent/kube/kube.h"

#define KUBE_CONNECT_MS 10000
#define KUBE_CALL_MS 30000
/* A peer that is gone without a word is noticed within about a minute: first probe after IDLE, and
 * what is not acknowledged for DEAD ends the connection (tcp(7): TCP_USER_TIMEOUT). */
#define KUBE_KEEPALIVE_IDLE_S 30
#define KUBE_KEEPALIVE_INTERVAL_S 10
#define KUBE_DEAD_MS 60000

/* libcurl hands out up to 100 pieces before the loop goes on, so that a burst of a watch comes in
 * turns. */
#define KUBE_PIECE_BYTES 1024

struct kube {
	struct loop *loop;
	struct kube_access access;
	CURLM *multi;
	struct loop_timer timer; /* libcurl's one */
	struct loop_timer start; /* of new requests */
	struct kube_socket *sockets; /* that libcurl has polled */
	struct kube_stream *requests; /* under way */
};

struct kube_stream {
	struct kube *kube;
	CURL *easy;
	struct curl_slist *headers;
	char *what; /* "METHOD PATH", for messages; the query is left out */
	char *sent; /* body of the request, NULL */
	char *got; /* body of the answer as far as it is kept, NUL-terminated; NULL */
	size_t got_len;
	const char *stopped; /* why we ended it: "" = by its data function; NULL: we did not */
	char curl_error[CURL_ERROR_SIZE];
	bool started, failed; /* libcurl has it; or did not take it */
	kube_data_fn *data; /* NULL: the body is kept */
	kube_reply_fn *done; /* may be NULL */
	void *arg;
	struct kube_stream *next, **link;
};

/* ---- multi.c ---- */

int kube_multi_open(struct kube *k, struct err *err);
void kube_multi_close(struct kube *k); /* after the last request */

/* ---- options.c ---- */

/* Files that were replaced are read again. */
void kube_options_renew(struct kube_access *a);
void kube_options_connection(const struct kube *k, CURL *easy);

/* ---- request.c ---- */

void kube_request_start(void *arg); /* the kube */
/* Tells the request's end and frees it. */
void kube_request_done(struct kube_stream *s, CURLcode code);
void kube_request_free(struct kube_stream *s);

#endif
