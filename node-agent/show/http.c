/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/listen.h"
#include "node-agent/events/events.h"
#include "node-agent/show/connections.h"
#include "node-agent/show/process_metrics.h"
#include "node-agent/show/snapshot.h"

/* All that ask within that time get the same page: whoever can reach the port may ask in a loop. */
#define PAGE_FRESH_MS 1000

struct http {
	struct agent *agent;
	struct listener listener;
	struct connections *connections;
	struct MHD_Response *page; /* /metrics as it was last made; NULL */
	int64_t page_ms;
};

/* NULL: no memory. */
static struct MHD_Response *response(const char *type, char *text, size_t len,
				     enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, text, mode);

	if (!r) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(text);
		return NULL;
	}
	if (MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES)
		return r;
	MHD_destroy_response(r);
	return NULL;
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned int status, const char *text)
{
	enum MHD_Result result;
	struct MHD_Response *r;
	char *line;
	int len = asprintf(&line, "%s\n", text);

	if (len < 0)
		return MHD_NO;
	r = response("text/plain; charset=utf-8", line, (size_t)len, MHD_RESPMEM_MUST_FREE);
	if (!r)
		return MHD_NO;
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static void drop_page(struct http *http)
{
	if (http->page)
		MHD_destroy_response(http->page);
	http->page = NULL;
}

/* -ENOMEM */
static int make_page(struct http *http)
{
	const struct agent *agent = http->agent;
	struct process_metrics process;
	const struct metrics_node node = {
		.ready = !agent_not_ready(agent),
		.facts = &agent->facts,
		.requests = agent->requests,
		.paused = agent_paused(agent),
		.paths_closed = agent_paths_closed(agent),
		.watch_restarts = agent->source ? source_restarts(agent->source) : 0,
		.events_lost = events_lost(agent->events),
		.process = &process
	};
	struct snapshot snapshot;
	char *text;
	size_t len;
	int r = snapshot_take(&agent->table, &snapshot);

	process_metrics_read(&process);
	if (r == 0) {
		r = metrics_render(&node, snapshot.pods, (size_t)snapshot.n, &text, &len, NULL);
		snapshot_clear(&snapshot);
	}
	if (r < 0)
		return r;
	drop_page(http);
	http->page = response(METRICS_CONTENT_TYPE, text, len, MHD_RESPMEM_MUST_FREE);
	http->page_ms = clock_now_ms();
	return http->page ? 0 : -ENOMEM;
}

static bool page_is_fresh(const struct http *http)
{
	return http->page && clock_now_ms() - http->page_ms < PAGE_FRESH_MS;
}

static enum MHD_Result show_metrics(struct http *http, struct MHD_Connection *c)
{
	if (!page_is_fresh(http) && make_page(http) < 0)
		return say(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	return MHD_queue_response(c, MHD_HTTP_OK, http->page);
}

/* "/readyz", or "/readyz?for=pods" */
static const char *not_ready(const struct agent *agent, const char *what)
{
	if (!what)
		return agent_not_serving(agent);
	return strcmp(what, "pods") ? "'for' knows 'pods' alone" : agent_not_for_pods(agent);
}

/* Called at the head of a request, once more when its (empty) body is there, and after a wait. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	struct http *http = arg;
	const char *why;

	(void)version, (void)data;
	if (!*state) {
		*state = http;
		return MHD_YES;
	}
	if (*data_len > 0) { /* nobody wants it */
		*data_len = 0;
		return MHD_YES;
	}
	if (!connections_begin(c))
		return MHD_NO;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "allowed are GET and HEAD");
	if (!strcmp(url, "/healthz"))
		return say(c, MHD_HTTP_OK, "ok");
	if (!strcmp(url, "/readyz")) {
		why = not_ready(http->agent,
				MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "for"));
		return say(c, why ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, why ? why : "ok");
	}
	if (strcmp(url, "/metrics") != 0)
		return say(c, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz");
	if (page_is_fresh(http) || !connections_wait(c))
		return show_metrics(http, c);
	agent_want_recent_stats(http->agent);
	return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode code)
{
	(void)arg, (void)code;
	connections_end(c);
	*state = NULL;
}

/* Answers the /metrics requests that wait. */
static void on_stats_ready(void *arg)
{
	struct http *http = arg;

	connections_go_on(http->connections);
}

int http_new(struct agent *agent, struct http **ret, struct err *err)
{
	auto_free struct http *http = calloc(1, sizeof(*http));
	int r;

	if (!http)
		return err_sys(err, ENOMEM, "listen on '%s'", agent->config->metrics);
	http->agent = agent;
	r = connections_new(agent->loop, agent->config->metrics, on_request, on_completed, http,
			    &http->connections, err);
	if (r < 0)
		return r;
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
	connections_free(http->connections);
	drop_page(http);
	free(http);
}
