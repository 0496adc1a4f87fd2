#include "node-agent/show/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/listen.h"
#include "node-agent/show/process_metrics.h"
#include "node-agent/show/snapshot.h"

#define CONNECTIONS_MAX 32
#define CONNECTIONS_OF_ONE_MAX 8 /* so that no peer keeps kubelet's probes out */
#define TIMEOUT_S 10
#define MEMORY_BYTES (16 * 1024) /* a connection, for the request's head */

/* A request that waits for statistics. */
struct waiter {
	struct MHD_Connection *connection;
	bool ready; /* resumed: the last reading may be shown */
	struct waiter *next;
};

struct http {
	struct agent *agent;
	struct listener listener;
	struct MHD_Daemon *daemon;
	struct loop_watch watch;
	struct loop_timer timer;
	struct waiter *waiters;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned int status, const char *type,
			      char *text, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), text, mode);
	enum MHD_Result result = MHD_NO;

	if (r && MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES)
		result = MHD_queue_response(c, status, r);
	if (r)
		MHD_destroy_response(r);
	else if (mode == MHD_RESPMEM_MUST_FREE)
		free(text);
	return result;
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned int status, const char *text)
{
	auto_free char *line = NULL;

	if (asprintf(&line, "%s\n", text) < 0) {
		line = NULL;
		return MHD_NO;
	}
	return answer(c, status, "text/plain; charset=utf-8", line, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result show_metrics(struct http *http, struct MHD_Connection *c)
{
	const struct agent *agent = http->agent;
	struct process_metrics process;
	const struct metrics_node node = { .ready = !agent_not_ready(agent),
					   .facts = &agent->facts,
					   .requests = agent->requests,
					   .watch_restarts = agent->source ? source_restarts(agent->source) : 0,
					   .process = &process };
	struct snapshot snapshot;
	struct err err = ERR_INIT;
	char *text;
	size_t len;
	int r = snapshot_take(&agent->table, &snapshot);

	process_metrics_read(&process);
	if (r == 0) {
		r = metrics_render(&node, snapshot.pods, (size_t)snapshot.n, &text, &len, &err);
		snapshot_clear(&snapshot);
	}
	if (r < 0)
		return say(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	return answer(c, MHD_HTTP_OK, METRICS_CONTENT_TYPE, text, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result wait_for_stats(struct http *http, struct MHD_Connection *c,
				      struct waiter *w)
{
	w->connection = c;
	w->next = http->waiters;
	http->waiters = w;
	MHD_suspend_connection(c);
	agent_want_stats(http->agent);
	return MHD_YES;
}

/* "/readyz", or "/readyz?for=pods" */
static const char *not_ready(const struct agent *agent, const char *what)
{
	if (!what)
		return agent_not_serving(agent);
	return strcmp(what, "pods") ? "'for' knows 'pods' alone" : agent_not_for_pods(agent);
}

/* Called at the head of a request, once more when its (empty) body is there, and after a resume. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	struct http *http = arg;
	struct waiter *w = *state;
	const char *why;

	(void)version, (void)data;
	if (!w) {
		w = calloc(1, sizeof(*w));
		*state = w;
		return w ? MHD_YES : MHD_NO;
	}
	if (*data_len > 0) { /* nobody wants it */
		*data_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "allowed are GET and HEAD");
	if (!strcmp(url, "/healthz"))
		return say(c, MHD_HTTP_OK, "ok");
	if (!strcmp(url, "/readyz")) {
		why = not_ready(http->agent, MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "for"));
		return say(c, why ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, why ? why : "ok");
	}
	if (strcmp(url, "/metrics") != 0)
		return say(c, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz");
	return w->ready ? show_metrics(http, c) : wait_for_stats(http, c, w);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct http *http = arg;

	(void)c, (void)code;
	for (struct waiter **p = &http->waiters; *p; p = &(*p)->next) {
		if (*p == *state) {
			*p = (*p)->next;
			break;
		}
	}
	free(*state);
	*state = NULL;
}

/* libmicrohttpd's own time limits need it to run when they are over. */
static void run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
		loop_arm(http->agent->loop, &http->timer, clock_now_ms() + (int64_t)ms);
	else
		loop_disarm(&http->timer);
}

static void on_event(void *arg, uint32_t events)
{
	(void)events;
	run(arg);
}

static void on_timer(void *arg)
{
	run(arg);
}

/* Answers the /metrics requests that wait. */
static void on_stats_ready(void *arg)
{
	struct http *http = arg;
	struct waiter *w;

	if (!http->waiters)
		return;
	while ((w = http->waiters)) {
		http->waiters = w->next;
		w->ready = true;
		MHD_resume_connection(w->connection);
	}
	/* Not from here: who called may be in the middle of a request of ours. */
	loop_arm(http->agent->loop, &http->timer, clock_now_ms());
}

/* ---- the listening socket ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "10.0.0.1:9810", "[::1]:9810"; the config has checked it. */
static int parse_address(const char *text, union address *ret, struct err *err)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	struct inet_addr addr;
	size_t len;
	int r;

	if (!colon)
		return err_set(err, -EINVAL, "metrics '%s': no port", text);
	len = (size_t)(colon - text);
	if (text[0] == '[' && len >= 2) {
		text++;
		len -= 2;
	}
	(void)snprintf(host, sizeof(host), "%.*s", (int)len, text);
	r = inet_parse(host, &addr, err);
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->any.sa_family = (sa_family_t)addr.family;
	if (addr.family == AF_INET) {
		ret->v4.sin_addr = addr.v4;
		ret->v4.sin_port = htons((uint16_t)atoi(colon + 1));
	} else {
		ret->v6.sin6_addr = addr.v6;
		ret->v6.sin6_port = htons((uint16_t)atoi(colon + 1));
	}
	return 0;
}

static struct MHD_Daemon *start(struct http *http, union address *address)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

	/* "[::]" is every address of the node, IPv4 too: kubelet's probes ask 127.0.0.1. */
	if (address->any.sa_family == AF_INET6)
		flags |= MHD_USE_DUAL_STACK;
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR,
				&address->any, MHD_OPTION_CONNECTION_LIMIT,
				(unsigned int)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				(unsigned int)CONNECTIONS_OF_ONE_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned int)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)MEMORY_BYTES, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
}

int http_new(struct agent *agent, struct http **ret, struct err *err)
{
	auto_free struct http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;
	union address address;
	int r = parse_address(agent->config->metrics, &address, err);

	if (r < 0)
		return r;
	if (!http)
		return err_sys(err, ENOMEM, "listen on '%s'", agent->config->metrics);
	http->agent = agent;
	errno = 0;
	http->daemon = start(http, &address);
	if (!http->daemon)
		return err_sys(err, errno, "listen on '%s'", agent->config->metrics);
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	http->watch = (struct loop_watch){ .fd = info->epoll_fd, .fn = on_event, .arg = http };
	http->timer = (struct loop_timer){ .fn = on_timer, .arg = http };
	r = loop_watch(agent->loop, &http->watch, EPOLLIN, err);
	if (r < 0) {
		MHD_stop_daemon(http->daemon);
		return r;
	}
	http->listener = (struct listener){ .stats_ready = on_stats_ready, .arg = http };
	listen_begin(agent, &http->listener);
	*ret = TAKE_PTR(http);
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	listen_end(http->agent, &http->listener);
	for (struct waiter *w = http->waiters; w; w = w->next)
		MHD_resume_connection(w->connection);
	loop_disarm(&http->timer);
	loop_unwatch(http->agent->loop, &http->watch);
	MHD_stop_daemon(http->daemon);
	free(http);
}
