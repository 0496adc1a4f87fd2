/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/program/api_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "tests/program/port.h"

#define ANSWERS_MAX 64
#define LOG_MAX (64 * 1024)

struct told {
	struct api_answer answer;
	char *body;
};

struct sending;

struct resource {
	struct told queue[ANSWERS_MAX];
	size_t first, n;
	char *live; /* pushed, and not sent yet */
	/* The last answer that is held: older ones have lost their client. */
	const struct sending *holder;
	bool ended;
	enum api_end end;
};

struct sending { /* one answer on its way */
	struct resource *from;
	char *body;
	size_t len, sent;
	enum api_end end;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct MHD_Daemon *daemon;
	uint16_t port;
	bool stopping;
	struct resource resources[API_N_KINDS];
	char log[LOG_MAX];
	char authorization[4096], accept[512];
	char body[64 * 1024];
} api = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* ---- keys ---- */

void api_make_keys(const char *dir)
{
	static const char script[] =
		"cd '%s' && exec >/dev/null 2>&1 && new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' &&"
		"openssl req -x509 $new -keyout ca.key -out ca.crt -days 30 -subj /CN=ca &&"
		"openssl req -x509 $new -keyout other.key -out other.crt -days 30 -subj /CN=other &&"
		"openssl req $new -keyout server.key -out s.csr -subj /CN=api -addext subjectAltName=IP:127.0.0.1 &&"
		"sign='openssl x509 -req -in s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -copy_extensions copy' &&"
		"$sign -days 30 -out server.crt && $sign -days -1 -out old.crt";
	char command[2048];

	(void)snprintf(command, sizeof(command), script, dir);
	assert_int_equal(system(command), 0);
}

void api_kubeconfig(const char *dir, const char *ca)
{
	char path[256], text[1024];
	struct err err = ERR_INIT;

	(void)snprintf(path, sizeof(path), "%s/token", dir);
	if (access(path, F_OK) < 0)
		assert_int_equal(file_replace(AT_FDCWD, path, "secret\n", 7, 0600, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/kubeconfig", dir);
	(void)snprintf(
		text, sizeof(text),
		"current-context: t\ncontexts: [{name: t, context: {cluster: t, user: t}}]\n"
		"clusters: [{name: t, cluster: {server: 'https://127.0.0.1:%d', "
		"certificate-authority: %s}}]\nusers: [{name: t, user: {tokenFile: token}}]\n",
		api.port, ca);
	assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0600, &err), 0);
}

/* ---- what is told ---- */

void api_tell(enum api_kind kind, const struct api_answer *answer)
{
	struct resource *r = &api.resources[kind];

	(void)pthread_mutex_lock(&api.lock);
	if (r->n < ANSWERS_MAX) {
		struct told *t = &r->queue[(r->first + r->n++) % ANSWERS_MAX];

		t->answer = *answer;
		t->body = strdup(answer->body ? answer->body : "");
	}
	(void)pthread_mutex_unlock(&api.lock);
}

size_t api_untold(enum api_kind kind)
{
	size_t n;

	(void)pthread_mutex_lock(&api.lock);
	n = api.resources[kind].n;
	(void)pthread_mutex_unlock(&api.lock);
	return n;
}

void api_push(enum api_kind kind, const char *text)
{
	struct resource *r = &api.resources[kind];
	size_t used;

	(void)pthread_mutex_lock(&api.lock);
	used = r->live ? strlen(r->live) : 0;
	r->live = realloc(r->live, used + strlen(text) + 1);
	if (r->live)
		strcpy(r->live + used, text);
	(void)pthread_cond_broadcast(&api.changed);
	(void)pthread_mutex_unlock(&api.lock);
}

void api_finish(enum api_kind kind, enum api_end end)
{
	struct resource *r = &api.resources[kind];

	(void)pthread_mutex_lock(&api.lock);
	r->ended = true;
	r->end = end;
	(void)pthread_cond_broadcast(&api.changed);
	(void)pthread_mutex_unlock(&api.lock);
}

/* ---- sending ---- */

static void wait_a_little(void)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	(void)pthread_cond_timedwait(&api.changed, &api.lock, &until);
}

static ssize_t copy_out(struct sending *s, char *buf, size_t max)
{
	size_t n = s->len - s->sent < max ? s->len - s->sent : max;

	memcpy(buf, s->body + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static ssize_t next_part(struct sending *s, char *buf, size_t max)
{
	struct resource *r = s->from;

	if (s->sent < s->len)
		return copy_out(s, buf, max);
	if (s->end == API_HOLD && r->holder != s)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (s->end == API_HOLD && r->live) {
		free(s->body);
		s->body = r->live;
		s->len = strlen(r->live);
		s->sent = 0;
		r->live = NULL;
		return copy_out(s, buf, max);
	}
	if (s->end == API_HOLD && r->ended) {
		r->ended = false;
		s->end = r->end;
	}
	if (api.stopping || s->end == API_CUT)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (s->end == API_WHOLE)
		return MHD_CONTENT_READER_END_OF_STREAM;
	wait_a_little();
	return 0;
}

static ssize_t read_part(void *arg, uint64_t pos, char *buf, size_t max)
{
	ssize_t n;

	(void)pos;
	(void)pthread_mutex_lock(&api.lock);
	n = next_part(arg, buf, max);
	(void)pthread_mutex_unlock(&api.lock);
	return n;
}

static void end_sending(void *arg)
{
	struct sending *s = arg;

	free(s->body);
	free(s);
}

/* ---- requests ---- */

static enum api_kind kind_of(const char *url)
{
	if (!strcmp(url, "/api/v1/pods"))
		return API_PODS;
	if (!strcmp(url, "/api/v1/namespaces"))
		return API_NAMESPACES;
	return strstr(url, "/events") ? API_EVENTS : API_OTHER;
}

static void note(struct MHD_Connection *c, const char *method, const char *url, enum api_kind kind,
		 bool watch)
{
	static const char *const names[] = { "pods", "namespaces" };
	const char *version =
		MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "resourceVersion");
	const char *cont = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "continue");
	const char *auth = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
	size_t used = strlen(api.log);

	(void)snprintf(api.authorization, sizeof(api.authorization), "%s", auth ? auth : "");
	(void)snprintf(api.accept, sizeof(api.accept), "%s", accept ? accept : "");
	if (kind >= API_OTHER)
		(void)snprintf(api.log + used, LOG_MAX - used, "%s %s\n", method, url);
	else if (watch)
		(void)snprintf(api.log + used, LOG_MAX - used, "%s watch %s\n", names[kind],
			       version ? version : "");
	else
		(void)snprintf(api.log + used, LOG_MAX - used, "%s list%s%s\n", names[kind],
			       cont ? " continue=" : "", cont ? cont : "");
}

static struct told take_told(enum api_kind kind, bool watch)
{
	struct resource *r = &api.resources[kind];
	struct told t = { 0 };

	if (r->n > 0) {
		t = r->queue[r->first];
		r->first = (r->first + 1) % ANSWERS_MAX;
		r->n--;
	} else if (kind >= API_OTHER) {
		t.body = strdup("{\"kind\":\"Status\"}");
	} else if (watch) {
		t.answer.end = API_HOLD;
		t.body = strdup("");
	} else {
		t.body = strdup(
			"{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
	}
	return t;
}

static enum MHD_Result answer(struct MHD_Connection *c, enum api_kind kind, struct told *t)
{
	struct sending *s = calloc(1, sizeof(*s));
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!s)
		return MHD_NO;
	s->from = &api.resources[kind];
	s->body = t->body;
	s->len = strlen(t->body);
	s->end = t->answer.end;
	(void)pthread_mutex_lock(&api.lock);
	if (s->end == API_HOLD)
		s->from->holder = s;
	(void)pthread_mutex_unlock(&api.lock);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32 * 1024, read_part, s,
						     end_sending);
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	if (t->answer.retry_after)
		(void)MHD_add_response_header(response, "Retry-After", t->answer.retry_after);
	result = MHD_queue_response(c, t->answer.status ? (unsigned int)t->answer.status : 200,
				    response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	static int seen;
	enum api_kind kind = kind_of(url);
	bool watch = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "watch") != NULL;
	struct told t;

	(void)arg, (void)version;
	if (!*state) {
		*state = &seen;
		(void)pthread_mutex_lock(&api.lock);
		api.body[0] = '\0';
		(void)pthread_mutex_unlock(&api.lock);
		return MHD_YES;
	}
	(void)pthread_mutex_lock(&api.lock);
	if (*data_len > 0) {
		size_t used = strlen(api.body);

		(void)snprintf(api.body + used, sizeof(api.body) - used, "%.*s", (int)*data_len,
			       data);
		*data_len = 0;
		(void)pthread_mutex_unlock(&api.lock);
		return MHD_YES;
	}
	note(c, method, url, kind, watch);
	t = take_told(kind, watch);
	(void)pthread_mutex_unlock(&api.lock);
	return answer(c, kind, &t);
}

/* ---- life ---- */

static char *read_file(const char *dir, const char *name)
{
	char path[256], *text = NULL;
	struct err err = ERR_INIT;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(AT_FDCWD, path, 64 * 1024, &text, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

void api_start(const char *dir, const char *cert)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	auto_free char *key = read_file(dir, "server.key"), *pem = read_file(dir, cert);

	if (!api.port)
		api.port = port_reserve();
	sin.sin_port = htons(api.port);
	api.stopping = false;
	api.daemon = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS,
		api.port, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR,
		(struct sockaddr *)&sin, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT,
		pem, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	assert_non_null(api.daemon);
}

void api_stop(void)
{
	if (!api.daemon)
		return;
	(void)pthread_mutex_lock(&api.lock);
	api.stopping = true;
	(void)pthread_cond_broadcast(&api.changed);
	(void)pthread_mutex_unlock(&api.lock);
	MHD_stop_daemon(api.daemon);
	api.daemon = NULL;
	for (int i = 0; i < API_N_KINDS; i++) {
		struct resource *r = &api.resources[i];

		for (; r->n > 0; r->n--, r->first = (r->first + 1) % ANSWERS_MAX)
			free(r->queue[r->first].body);
		free(r->live);
		*r = (struct resource){ 0 };
	}
	api.log[0] = '\0';
}

int api_port(void)
{
	return api.port;
}

static const char *copy_of(const char *text)
{
	static char copies[4][LOG_MAX];
	static int turn;
	char *copy = copies[turn++ % 4];

	(void)pthread_mutex_lock(&api.lock);
	(void)snprintf(copy, LOG_MAX, "%s", text);
	(void)pthread_mutex_unlock(&api.lock);
	return copy;
}

const char *api_log(void)
{
	return copy_of(api.log);
}

const char *api_last_authorization(void)
{
	return copy_of(api.authorization);
}

const char *api_last_body(void)
{
	return copy_of(api.body);
}

const char *api_last_accept(void)
{
	return copy_of(api.accept);
}
