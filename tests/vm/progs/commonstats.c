/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics, SMC devices and RDMA devices against a kernel with SMC: commonstats QUESTION
 * [ARGUMENT...]. Run by tests/vm/cases/common-*.sh. */
#include <arpa/inet.h>
#include <errno.h>

#include "common/rdma_nl.h"
#include "common/smc_fallback.h"
#include "tests/vm/progs/checks.h"

#define PROTO_SMC 256 /* IPPROTO_SMC, 6.11 */
#define PEER_NO_SMC 0x03010000

static int listen_on(int protocol, struct sockaddr_in *ret)
{
	socklen_t len = sizeof(*ret);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	*ret = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (sock < 0 || bind(sock, (struct sockaddr *)ret, sizeof(*ret)) < 0 ||
	    listen(sock, 5) < 0 || getsockname(sock, (struct sockaddr *)ret, &len) < 0) {
		printf("NOT ok: listen with protocol %d: %s\n", protocol, strerror(errno));
		exit(1);
	}
	return sock;
}

/* Sends n_out bytes from the client and n_back from the server; the listener and client may speak
 * SMC. */
static void talk(int server_protocol, int client_protocol, size_t n_out, size_t n_back)
{
	struct sockaddr_in addr;
	auto_close int listener = listen_on(server_protocol, &addr);
	auto_close int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, client_protocol);
	auto_close int server = -1;
	char buf[8192] = "";

	if (connect(client, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	check(server >= 0 && send(client, buf, n_out, 0) == (ssize_t)n_out &&
		      recv(server, buf, n_out, MSG_WAITALL) == (ssize_t)n_out &&
		      send(server, buf, n_back, 0) == (ssize_t)n_back &&
		      recv(client, buf, n_back, MSG_WAITALL) == (ssize_t)n_back,
	      "protocol %d to %d moves %zu + %zu bytes", client_protocol, server_protocol, n_out,
	      n_back);
}

static void fallbacks_are(const struct smc_stats *s, uint64_t client, uint64_t server)
{
	check(s->fallback_client == client && s->fallback_server == server,
	      "fallbacks: %llu as client, %llu as server", (unsigned long long)s->fallback_client,
	      (unsigned long long)s->fallback_server);
}

static void stats_of_fallback(void)
{
	auto_close int pod = enter_fresh_netns();
	struct smc_nl *nl = open_nl(pod);
	struct smc_stats s;

	is(smc_stats_get(nl, &s, &err), 0, "statistics of a fresh namespace");
	fallbacks_are(&s, 0, 0);
	check(s.n_fallbacks == 0, "no reasons");
	talk(0, PROTO_SMC, 100, 200);
	talk(0, PROTO_SMC, 100, 200);
	talk(PROTO_SMC, 0, 100, 200);
	is(smc_stats_get(nl, &s, &err), 0, "statistics");
	fallbacks_are(&s, 2, 1);
	check(s.n_fallbacks == 2, "%d reasons", s.n_fallbacks);
	for (int i = 0; i < s.n_fallbacks; i++) {
		const struct smc_fallback *f = &s.fallbacks[i];

		check(f->code == PEER_NO_SMC && f->count == (f->server ? 1 : 2), "%s: %u x %s",
		      f->server ? "server" : "client", f->count,
		      smc_fallback_reason(f->code)->name);
	}
	check(s.smcd.tx_bytes == 0 && s.smcr.tx_bytes == 0, "no bytes over SMC");
	smc_nl_close(nl);
}

/* Over dibs loopback: both ends count in the one namespace. */
static void stats_of_smcd(void)
{
	auto_close int pod = enter_fresh_netns();
	struct smc_nl *nl = open_nl(pod);
	struct smc_stats s;

	drop_ueids(nl);
	is(smc_ueid_add(nl, "SMC-CNI", &err), 0, "add a UEID");
	talk(PROTO_SMC, PROTO_SMC, 5000, 300);
	is(smc_stats_get(nl, &s, &err), 0, "statistics");
	fallbacks_are(&s, 0, 0);
	check(s.smcd.tx_bytes == 5300 && s.smcd.rx_bytes == 5300, "SMC-D sent %llu, received %llu",
	      (unsigned long long)s.smcd.tx_bytes, (unsigned long long)s.smcd.rx_bytes);
	check(s.smcd.client_conns == 1 && s.smcd.server_conns == 1, "one connection at each end");
	check(s.smcr.tx_bytes == 0 && s.smcr.client_conns == 0, "nothing over SMC-R");
	check(s.handshake_errors_client == 0 && s.handshake_errors_server == 0, "no errors");
	is(smc_ueid_del(nl, "SMC-CNI", &err), 0, "del the UEID");
	talk(PROTO_SMC, PROTO_SMC, 10, 10);
	is(smc_stats_get(nl, &s, &err), 0, "statistics without a UEID");
	fallbacks_are(&s, 1, 1);
	for (int i = 0; i < s.n_fallbacks; i++)
		check(s.fallbacks[i].code == (s.fallbacks[i].server ? 0x03030008 : 0x05000000),
		      "reason 0x%08x, %s", s.fallbacks[i].code,
		      smc_fallback_reason(s.fallbacks[i].code)->name);
	smc_nl_close(nl);
}

static void devices(int n_smcd, int n_smcr)
{
	struct smc_nl *nl = open_nl(-1);
	struct smc_devices d = { -1, -1 };

	is(smc_devices_get(nl, &d, &err), 0, "devices");
	is(d.n_smcd, n_smcd, "SMC-D devices");
	is(d.n_smcr, n_smcr, "SMC-R devices");
	smc_nl_close(nl);
}

static void rdma(const char *device, const char *ifname)
{
	auto_free struct rdma_nl_port *ports = NULL, *seen = NULL;
	enum rdma_nl_netns_mode mode = RDMA_NL_EXCLUSIVE;
	auto_close int host = netns_open("/proc/self/ns/net", &err);
	const struct rdma_nl_port *p;
	int n;

	is(rdma_nl_netns_mode(TIMEOUT_MS, &mode, &err), 0, "netns mode");
	is(mode, RDMA_NL_SHARED, "it is shared");
	n = rdma_nl_ports(-1, TIMEOUT_MS, &ports, &err);
	is(n, 1, "ports");
	p = n > 0 ? rdma_nl_find(ports, n, device, 1) : NULL;
	check(p && rdma_nl_is_active(p) && strcmp(p->protocol, "roce") == 0, "%s is active RoCE",
	      device);
	check(p && strcmp(p->ifname, ifname) == 0 && p->ifindex == if_nametoindex(ifname),
	      "it sits on '%s'", p ? p->ifname : "?");
	(void)close(enter_fresh_netns());
	n = rdma_nl_ports(-1, TIMEOUT_MS, &seen, &err);
	is(n, 1, "ports seen from a pod");
	check(n == 1 && seen[0].ifindex == 0 && seen[0].ifname[0] == '\0',
	      "without the interface of the host");
	free(TAKE_PTR(seen));
	n = rdma_nl_ports(host, TIMEOUT_MS, &seen, &err);
	check(n == 1 && seen[0].ifindex != 0, "asked in the host's namespace, with it");
}

int main(int argc, char **argv)
{
	const char *question = argc > 1 ? argv[1] : "";

	if (strcmp(question, "fallback") == 0)
		stats_of_fallback();
	else if (strcmp(question, "smcd") == 0)
		stats_of_smcd();
	else if (strcmp(question, "devices") == 0 && argc == 4)
		devices(atoi(argv[2]), atoi(argv[3]));
	else if (strcmp(question, "rdma") == 0 && argc == 4)
		rdma(argv[2], argv[3]);
	else
		check(false,
		      "usage: commonstats fallback|smcd|devices SMCD SMCR|rdma DEVICE INTERFACE");
	printf("%d checks failed\n", n_bad);
	return n_bad ? 1 : 0;
}
