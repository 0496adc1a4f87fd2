/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl is told of a connection to the API server. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "node-agent/kube/impl.h"

/* CURLOPT_SOCKOPTFUNCTION */
static int on_new_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	const unsigned int dead_ms = KUBE_DEAD_MS;

	(void)arg, (void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
	return CURL_SOCKOPT_OK;
}

static void set_blob(CURL *easy, CURLoption option, const struct kube_text *t)
{
	struct curl_blob blob = { .data = t->text, .len = t->len, .flags = CURL_BLOB_COPY };

	if (t->text)
		(void)curl_easy_setopt(easy, option, &blob);
}

void kube_options_renew(struct kube_access *a)
{
	kube_text_renew(&a->token, "token");
	kube_text_renew(&a->ca, "CA");
	kube_text_renew(&a->cert, "client certificate");
	kube_text_renew(&a->key, "client key");
}

void kube_options_connection(const struct kube *k, CURL *easy)
{
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A resolver's thread is not waited for. */
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)KUBE_CONNECT_MS);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KUBE_KEEPALIVE_IDLE_S);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KUBE_KEEPALIVE_INTERVAL_S);
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)KUBE_PIECE_BYTES);
	(void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket);
	if (k->access.proxy)
		(void)curl_easy_setopt(easy, CURLOPT_PROXY, k->access.proxy);
	set_blob(easy, CURLOPT_CAINFO_BLOB, &k->access.ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, &k->access.cert);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, &k->access.key);
}
