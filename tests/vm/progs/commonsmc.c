/* SPDX-License-Identifier: Apache-2.0 */
/* The pnet table, UEIDs and the netns part of a pod against a kernel with SMC: commonsmc QUESTION.
 * Run by tests/vm/cases/common-*.sh. */
#include <errno.h>

#include "common/podnet.h"
#include "common/sysctl.h"
#include "tests/vm/progs/checks.h"

static struct smc_pnet eth(const char *id, const char *name)
{
	struct smc_pnet p = { .ibport = 0 };

	(void)snprintf(p.id, sizeof(p.id), "%s", id);
	(void)snprintf(p.ethname, sizeof(p.ethname), "%s", name);
	return p;
}

static struct smc_pnet ib(const char *id, const char *name, uint8_t port)
{
	struct smc_pnet p = { .ibport = port };

	(void)snprintf(p.id, sizeof(p.id), "%s", id);
	(void)snprintf(p.ibname, sizeof(p.ibname), "%s", name);
	return p;
}

/* "NET0=eth0 NET0=rxe9/1": the whole table in its order. */
static void table_is(struct smc_nl *nl, const char *want)
{
	auto_free struct smc_pnet *entries = NULL;
	char text[512] = "";
	size_t used = 0;
	int n = smc_pnet_list(nl, &entries, &err);

	for (int i = 0; i < n; i++) {
		const struct smc_pnet *e = &entries[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%s", i ? " " : "",
					 e->id, e->ethname[0] ? e->ethname : e->ibname);
		if (e->ibport)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "/%u",
						 e->ibport);
	}
	check(n >= 0 && strcmp(text, want) == 0, "pnet table is '%s', want '%s'", text, want);
}

static int add(struct smc_nl *nl, struct smc_pnet p)
{
	return smc_pnet_add(nl, &p, &err);
}

static int del(struct smc_nl *nl, struct smc_pnet p)
{
	return smc_pnet_del(nl, &p, &err);
}

static void pnet_in_pod(void)
{
	auto_close int host = netns_open("/proc/self/ns/net", &err);
	auto_close int pod = enter_fresh_netns();
	struct smc_nl *nl;

	if (setns(host, CLONE_NEWNET) < 0)
		abort();
	nl = open_nl(pod); /* works in the pod's namespace from outside */
	table_is(nl, "");
	is(add(nl, eth("net0", "eth0")), 0, "add");
	is(add(nl, eth("Net0", "eth0")), 1, "add the same in other letters");
	is(add(nl, eth("OTHER", "eth0")), -EEXIST, "add another id to the interface");
	says("add pnet id 'OTHER' for interface 'eth0': it has 'NET0'");
	is(add(nl, eth("NET0", "eth1")), 0, "add the id to a second interface");
	is(add(nl, eth("NET0", "eth2")), 0, "add the id to a third interface");
	is(add(nl, eth("NET1", "lo")), 0, "add another id to lo");
	is(add(nl, ib("NET0", "rxe0", 1)), -EEXIST, "add an RDMA device in a pod");
	says("this is not the host's network namespace");
	table_is(nl, "NET0=eth0 NET0=eth1 NET0=eth2 NET1=lo");
	is(del(nl, eth("net0", "eth1")), 0, "del one of three with the same id");
	table_is(nl, "NET1=lo NET0=eth0 NET0=eth2");
	is(del(nl, eth("NET0", "eth1")), -ENOENT, "del it again");
	is(del(nl, eth("NET1", "eth0")), -ENOENT, "del with an id that the interface has not");
	table_is(nl, "NET1=lo NET0=eth0 NET0=eth2");
	smc_nl_close(nl);
}

static void pnet_on_host(void)
{
	struct smc_nl *nl = open_nl(-1);

	table_is(nl, "");
	is(add(nl, ib("HOST", "rxe9", 1)), 0, "add an RDMA port before its device");
	is(add(nl, ib("HOST", "rxe9", 1)), 1, "add it again");
	is(add(nl, ib("HOST", "rxe9", 2)), -EEXIST, "add its second port");
	says("the kernel keeps one entry a device, and port 1 has 'HOST'");
	is(add(nl, eth("HOST", "eth9")), 0, "add an interface of the same id");
	table_is(nl, "HOST=rxe9/1 HOST=eth9");
	is(del(nl, ib("HOST", "rxe9", 1)), 0, "del the RDMA port");
	table_is(nl, "HOST=eth9");
	is(del(nl, eth("HOST", "eth9")), 0, "del the interface");
	table_is(nl, "");
	smc_nl_close(nl);
}

static void ueids_are(struct smc_nl *nl, const char *want)
{
	char(*list)[SMC_UEID_LEN + 1] = NULL, text[256] = "";
	size_t used = 0;
	int n = smc_ueid_list(nl, &list, &err);

	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 list[i]);
	check(n >= 0 && strcmp(text, want) == 0, "UEIDs are '%s', want '%s'", text, want);
	free(list);
}

static void ueid(void)
{
	static const char longest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-0123";
	struct smc_nl *nl = open_nl(-1);

	drop_ueids(nl);
	is(smc_ueid_add(nl, "SMC-CNI", &err), 0, "add");
	is(smc_ueid_add(nl, "SMC-CNI", &err), 1, "add it again");
	is(smc_ueid_add(nl, "smc", &err), -EINVAL, "add one in lower case");
	is(smc_ueid_add(nl, longest, &err), 0, "add one of 32 characters");
	is(smc_ueid_add(nl, "C", &err), 0, "add a third");
	is(smc_ueid_add(nl, "D", &err), 0, "add a fourth");
	is(smc_ueid_add(nl, "E", &err), -ERANGE, "add a fifth");
	says("the kernel takes 4, and there are 'SMC-CNI', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ.-0123'");
	is(smc_ueid_add(nl, "SMC-CNI", &err), 1, "add one that is there when the table is full");
	ueids_are(nl, "SMC-CNI ABCDEFGHIJKLMNOPQRSTUVWXYZ.-0123 C D");
	is(smc_ueid_del(nl, "C", &err), 0, "del one");
	is(smc_ueid_del(nl, "C", &err), -ENOENT, "del it again");
	is(smc_ueid_del(nl, longest, &err), 0, "del the long one");
	is(smc_ueid_del(nl, "D", &err), 0, "del another");
	ueids_are(nl, "SMC-CNI");
	is(smc_ueid_del(nl, "SMC-CNI", &err), 0, "del the last");
	ueids_are(nl, "");
	smc_nl_close(nl);
}

static const char *setting(int netns_fd, const char *name)
{
	static char value[32];

	if (sysctl_get(netns_fd, name, value, sizeof(value), &err) < 0)
		(void)snprintf(value, sizeof(value), "?");
	return value;
}

static void podnet_cycle(int pod, struct smc_nl *nl)
{
	struct podnet plan = { .n_pnets = 2,
			       .pnets = { { "eth0", "NET0" }, { "eth1", "NET1" } },
			       .n_sysctls = 2,
			       .sysctls = { { "net.smc.wmem", "131072" },
					    { "net.smc.rmem", "65536" } } };
	struct podnet undo, second;

	is(add(nl, eth("NET1", "eth1")), 0, "an entry was there before");
	is(podnet_check(pod, &plan, &err), -ENOENT, "check before apply");
	says("interface 'eth0' has no pnet id, expected 'NET0'");
	is(podnet_apply(pod, &plan, &undo, &err), 0, "apply");
	table_is(nl, "NET1=eth1 NET0=eth0");
	check(strcmp(setting(pod, "net.smc.wmem"), "131072") == 0, "wmem is set");
	check(strcmp(setting(-1, "net.smc.wmem"), "65536") == 0, "the host's wmem is not");
	check(undo.n_pnets == 1 && strcmp(undo.pnets[0].ifname, "eth0") == 0,
	      "undo has the new entry only");
	check(undo.n_sysctls == 1 && strcmp(undo.sysctls[0].value, "65536") == 0,
	      "undo has the old value of what was changed only");
	is(podnet_check(pod, &plan, &err), 0, "check after apply");
	is(podnet_apply(pod, &plan, &second, &err), 0, "apply again");
	check(second.n_pnets == 0 && second.n_sysctls == 0, "there is nothing to undo then");
	is(sysctl_set(pod, "net.smc.wmem", "262144", &err), 0, "somebody changes wmem");
	is(podnet_check(pod, &plan, &err), -ENOENT, "check sees it");
	says("sysctl 'net.smc.wmem' is '262144' instead of '131072'");
	is(podnet_undo(pod, &undo, &err), 0, "undo");
	table_is(nl, "NET1=eth1");
	check(strcmp(setting(pod, "net.smc.wmem"), "65536") == 0, "wmem is the old one");
	is(podnet_undo(pod, &undo, &err), 0, "undo twice");
	table_is(nl, "NET1=eth1");
}

static void podnet_rolls_back(int pod, struct smc_nl *nl)
{
	struct podnet conflict = { .n_pnets = 2,
				   .pnets = { { "eth0", "NET0" }, { "eth1", "NET0" } },
				   .n_sysctls = 1,
				   .sysctls = { { "net.smc.wmem", "131072" } } };
	struct podnet bad_value = { .n_pnets = 1,
				    .pnets = { { "eth0", "NET0" } },
				    .n_sysctls = 2,
				    .sysctls = { { "net.smc.wmem", "131072" },
						 { "net.smc.rmem", "1" } } };
	struct podnet undo = { .n_pnets = 77 };

	is(podnet_apply(pod, &conflict, &undo, &err), -EEXIST, "apply with a conflict");
	says("add pnet id 'NET0' for interface 'eth1': it has 'NET1'");
	table_is(nl, "NET1=eth1");
	is(podnet_apply(pod, &bad_value, &undo, &err), -EINVAL, "apply with a bad last value");
	says("set sysctl 'net.smc.rmem' to '1': Invalid argument");
	table_is(nl, "NET1=eth1");
	check(strcmp(setting(pod, "net.smc.wmem"), "65536") == 0, "wmem is the old one");
	check(undo.n_pnets == 77, "the undo of a failed apply is untouched");
}

static void podnet(void)
{
	auto_close int host = netns_open("/proc/self/ns/net", &err);
	auto_close int pod = enter_fresh_netns();
	struct smc_nl *nl;

	if (setns(host, CLONE_NEWNET) < 0)
		abort();
	nl = open_nl(pod);
	podnet_cycle(pod, nl);
	podnet_rolls_back(pod, nl);
	smc_nl_close(nl);
}

/* Without SMC: quick, and said so. */
static void without_smc(void)
{
	auto_close int pod = enter_fresh_netns();
	struct podnet plan = { .n_pnets = 1, .pnets = { { "eth0", "NET0" } } }, undo;
	struct smc_nl *nl;

	is(smc_nl_open(-1, TIMEOUT_MS, &nl, &err), -EPROTONOSUPPORT, "open");
	says("the kernel has no SMC");
	is(podnet_apply(pod, &plan, &undo, &err), -EPROTONOSUPPORT, "apply");
	is(podnet_undo(pod, &plan, &err), 0, "undo: there is nothing left of it");
}

int main(int argc, char **argv)
{
	const char *question = argc > 1 ? argv[1] : "";

	if (strcmp(question, "pnet-in-pod") == 0)
		pnet_in_pod();
	else if (strcmp(question, "pnet-on-host") == 0)
		pnet_on_host();
	else if (strcmp(question, "ueid") == 0)
		ueid();
	else if (strcmp(question, "podnet") == 0)
		podnet();
	else if (strcmp(question, "without-smc") == 0)
		without_smc();
	else
		check(false, "usage: commonsmc pnet-in-pod|pnet-on-host|ueid|podnet|without-smc");
	printf("%d checks failed\n", n_bad);
	return n_bad ? 1 : 0;
}
