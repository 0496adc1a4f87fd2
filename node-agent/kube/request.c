/* SPDX-License-Identifier: Apache-2.0 */
/* One request: its options, its body, its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/kube/impl.h"

static const char too_large[] = "the answer is larger than 1 MiB";
static const char no_memory[] = "out of memory";

/* ---- the answer ---- */

static bool keep(struct kube_stream *s, const char *data, size_t len)
{
	char *grown;

	if (s->got_len + len > KUBE_BODY_MAX) {
		s->stopped = too_large;
		return false;
	}
	grown = realloc(s->got, s->got_len + len + 1);
	if (!grown) {
		s->stopped = no_memory;
		return false;
	}
	memcpy(grown + s->got_len, data, len);
	s->got = grown;
	s->got_len += len;
	s->got[s->got_len] = '\0';
	return true;
}

/* CURLOPT_WRITEFUNCTION. What comes with an error status is kept for its message. */
static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct kube_stream *s = arg;
	long status = 0;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!s->data || status / 100 != 2)
		return keep(s, data, size * n) ? size * n : 0;
	if (s->data(s->arg, data, size * n))
		return size * n;
	s->stopped = "";
	return 0;
}

/* CURLOPT_HEADERFUNCTION: a line of the head; its last one is empty. */
static size_t on_head(const char *line, size_t size, size_t n, void *arg)
{
	struct kube_stream *s = arg;
	long status = 0;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!s->data || status / 100 != 2 || size * n > 2 || line[0] != '\r' ||
	    s->data(s->arg, "", 0))
		return size * n;
	s->stopped = "";
	return 0;
}

/* The Status object's message, else the status. */
static void say_status(const struct kube_stream *s, long status, struct err *err)
{
	json_auto_t *obj = s->got ? json_loadb(s->got, s->got_len, 0, NULL) : NULL;
	const char *message = json_string_value(json_object_get(obj, "message"));

	if (message && message[0])
		(void)err_set(err, -EIO, "%s: HTTP status %ld: %.384s", s->what, status, message);
	else
		(void)err_set(err, -EIO, "%s: HTTP status %ld", s->what, status);
}

static void say(const struct kube_stream *s, CURLcode code, long status, struct err *err)
{
	if (s->stopped && s->stopped[0])
		(void)err_set(err, -EIO, "%s: %s", s->what, s->stopped);
	else if (code != CURLE_OK && !s->stopped)
		(void)err_set(err, -EIO, "%s: %s", s->what,
			      s->curl_error[0] ? s->curl_error : curl_easy_strerror(code));
	else if (status / 100 != 2)
		say_status(s, status, err);
}

void kube_request_done(struct kube_stream *s, CURLcode code)
{
	kube_reply_fn *done = s->done;
	struct kube_reply reply = { .body = "" };
	struct err err = ERR_INIT;
	curl_off_t retry_s = 0;
	long status = 0;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_s);
	say(s, code, status, &err);
	reply.status = (int)status;
	reply.error = err.msg;
	if (!s->data && s->got) {
		reply.body = s->got;
		reply.len = s->got_len;
	}
	if ((status == 429 || status == 503) && retry_s > 0 && retry_s < INT32_MAX)
		reply.retry_after_ms = retry_s * 1000;
	if (done)
		done(s->arg, &reply);
	kube_request_free(s);
}

void kube_request_free(struct kube_stream *s)
{
	if (s->link) {
		*s->link = s->next;
		if (s->next)
			s->next->link = s->link;
		if (s->started && !s->failed)
			(void)curl_multi_remove_handle(s->kube->multi, s->easy);
	}
	curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->headers);
	free(s->what);
	free(s->sent);
	free(s->got);
	free(s);
}

static void cleanup_request(struct kube_stream **s)
{
	if (*s)
		kube_request_free(*s);
}

void kube_cancel(struct kube_stream *s)
{
	if (s)
		kube_request_free(s);
}

/* ---- the request ---- */

static int add_header(struct kube_stream *s, const char *name, const char *value)
{
	auto_free char *line = NULL;
	struct curl_slist *list;

	if (asprintf(&line, "%s: %s", name, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	list = curl_slist_append(s->headers, line);
	if (line)
		explicit_bzero(line, strlen(line));
	if (!list)
		return -ENOMEM;
	s->headers = list;
	return 0;
}

static int add_bearer(struct kube_stream *s, const struct kube_text *token)
{
	auto_free char *value = NULL;
	int r;

	if (!token->text)
		return 0;
	if (strpbrk(token->text, "\r\n")) {
		log_warn("token has more than one line, it is not sent", "file",
			 token->path ? token->path : "kubeconfig");
		return 0;
	}
	if (asprintf(&value, "Bearer %s", token->text) < 0) {
		value = NULL;
		return -ENOMEM;
	}
	r = add_header(s, "Authorization", value);
	explicit_bzero(value, strlen(value));
	return r;
}

static int set_url(struct kube_stream *s, const char *method, const char *path)
{
	auto_free char *url = NULL;

	if (asprintf(&url, "%s%s", s->kube->access.server, path) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	if (asprintf(&s->what, "%s %.*s", method, (int)strcspn(path, "?"), path) < 0) {
		s->what = NULL;
		return -ENOMEM;
	}
	if (curl_easy_setopt(s->easy, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK)
		return -ENOMEM;
	return 0;
}

static int set_body(struct kube_stream *s, const char *method, const json_t *body)
{
	const char *type = strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" :
							  "application/json";

	if (!body)
		return 0;
	s->sent = json_dumps(body, JSON_COMPACT);
	if (!s->sent)
		return -ENOMEM;
	(void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, s->sent);
	(void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(s->sent));
	/* Not "Expect: 100-continue": one more round trip, and not every proxy answers it. */
	return add_header(s, "Content-Type", type) < 0 || add_header(s, "Expect", "") < 0 ?
		       -ENOMEM :
		       0;
}

static int begin(struct kube_stream *s, const char *accept, int64_t timeout_ms)
{
	struct kube *k = s->kube;

	if (add_header(s, "Accept", accept) < 0 || add_bearer(s, &k->access.token) < 0)
		return -ENOMEM;
	kube_options_connection(k, s->easy);
	(void)curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
	(void)curl_easy_setopt(s->easy, CURLOPT_USERAGENT, "smc-node-agent/" SMC_CNI_VERSION);
	(void)curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	(void)curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_data);
	(void)curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	(void)curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_head);
	(void)curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
	(void)curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->curl_error);
	(void)curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	s->next = k->requests;
	s->link = &k->requests;
	if (s->next)
		s->next->link = &s->next;
	k->requests = s;
	loop_arm(k->loop, &k->start, clock_now_ms());
	return 0;
}

/* It is not begun by the caller itself, which may be a function that libcurl called; such a
 * function must not call libcurl. */
void kube_request_start(void *arg)
{
	struct kube *k = arg;
	struct kube_stream *next;

	for (struct kube_stream *s = k->requests; s; s = next) {
		next = s->next;
		if (s->started)
			continue;
		s->started = true;
		s->failed = curl_multi_add_handle(k->multi, s->easy) != CURLM_OK;
	}
	/* The end of one may start and cancel others, so the walk begins at the front each time. */
	do {
		for (next = k->requests; next && !next->failed; next = next->next)
			;
		if (next)
			kube_request_done(next, CURLE_OUT_OF_MEMORY);
	} while (next);
}

static struct kube_stream *request_new(struct kube *k, kube_reply_fn *done, void *arg)
{
	struct kube_stream *s = calloc(1, sizeof(*s));

	kube_options_renew(&k->access);
	if (!s)
		return NULL;
	s->kube = k;
	s->done = done;
	s->arg = arg;
	s->easy = curl_easy_init();
	if (s->easy)
		return s;
	free(s);
	return NULL;
}

int kube_call(struct kube *k, const char *method, const char *path, json_t *body,
	      kube_reply_fn *reply, void *arg)
{
	auto_with(cleanup_request) struct kube_stream *s = request_new(k, reply, arg);
	json_auto_t *owned = body;

	if (!s || set_body(s, method, owned) < 0 || set_url(s, method, path) < 0 ||
	    begin(s, "application/json", KUBE_CALL_MS) < 0)
		return -ENOMEM;
	s = NULL;
	return 0;
}

int kube_stream(struct kube *k, const char *path, const char *accept, int64_t timeout_ms,
		kube_data_fn *data, kube_reply_fn *done, void *arg, struct kube_stream **ret)
{
	auto_with(cleanup_request) struct kube_stream *s = request_new(k, done, arg);

	if (!s)
		return -ENOMEM;
	s->data = data;
	if (set_url(s, "GET", path) < 0 || begin(s, accept, timeout_ms) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(s);
	return 0;
}
