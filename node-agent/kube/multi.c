/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface in the agent's loop: it says which sockets to poll for what and when it
 * wants to be called (curl_multi_socket_action(3)). */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/kube/impl.h"

struct kube_socket {
	struct kube *kube;
	struct loop_watch watch;
	struct kube_socket *next, **link;
};

/* Requests end here and nowhere else, as their functions may start and cancel requests. */
static void collect(struct kube *k)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(k->multi, &left))) {
		struct kube_stream *s = NULL;

		if (msg->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&s) == CURLE_OK)
			kube_request_done(s, msg->data.result);
	}
}

static void act(struct kube *k, curl_socket_t fd, int events)
{
	int running;
	CURLMcode code = curl_multi_socket_action(k->multi, fd, events, &running);

	if (code != CURLM_OK)
		log_error("libcurl fails", "err", curl_multi_strerror(code));
	collect(k);
}

static void on_socket(void *arg, uint32_t events)
{
	const struct kube_socket *s = arg;
	int mask = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		mask |= CURL_CSELECT_ERR;
	act(s->kube, s->watch.fd, mask); /* s may be gone now */
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_free(struct kube_socket *s)
{
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	loop_unwatch(s->kube->loop, &s->watch);
	free(s);
}

static struct kube_socket *socket_new(struct kube *k, curl_socket_t fd, uint32_t events)
{
	struct kube_socket *s = calloc(1, sizeof(*s));
	struct err err = ERR_INIT;

	if (!s)
		return NULL;
	s->kube = k;
	s->watch = (struct loop_watch){ .fd = fd, .fn = on_socket, .arg = s };
	if (loop_watch(k->loop, &s->watch, events, &err) < 0) {
		log_error("a connection to the API server cannot be watched", "err", err.msg);
		free(s);
		return NULL;
	}
	s->next = k->sockets;
	s->link = &k->sockets;
	if (s->next)
		s->next->link = &s->next;
	k->sockets = s;
	return s;
}

/* CURLMOPT_SOCKETFUNCTION. What cannot be watched ends by its time limit. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct kube *k = arg;
	struct kube_socket *s = socket;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			socket_free(s);
	} else if (s) {
		(void)loop_rewatch(k->loop, &s->watch, events);
	} else {
		(void)curl_multi_assign(k->multi, fd, socket_new(k, fd, events));
	}
	return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int want_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct kube *k = arg;

	(void)multi;
	if (timeout_ms < 0)
		loop_disarm(&k->timer);
	else
		loop_arm(k->loop, &k->timer, clock_now_ms() + timeout_ms);
	return 0;
}

int kube_multi_open(struct kube *k, struct err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, -EIO, "libcurl does not start");
	k->multi = curl_multi_init();
	if (!k->multi)
		return err_sys(err, ENOMEM, "libcurl does not start");
	k->timer = (struct loop_timer){ .fn = on_timer, .arg = k };
	(void)curl_multi_setopt(k->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(k->multi, CURLMOPT_SOCKETDATA, k);
	(void)curl_multi_setopt(k->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(k->multi, CURLMOPT_TIMERDATA, k);
	(void)curl_multi_setopt(k->multi, CURLMOPT_MAXCONNECTS, 4L); /* idle ones that are kept */
	return 0;
}

void kube_multi_close(struct kube *k)
{
	if (!k->multi)
		return;
	(void)curl_multi_cleanup(k->multi);
	k->multi = NULL;
	while (k->sockets)
		socket_free(k->sockets);
	loop_disarm(&k->timer);
}
