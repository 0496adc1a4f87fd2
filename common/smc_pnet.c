/* SPDX-License-Identifier: Apache-2.0 */
/* The pnet table of a network namespace (kernel: net/smc/smc_pnet.c). */
#include <ctype.h>
#include <errno.h>
#include <linux/smc.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/smc_nl.h"
#include "common/smc_nl_priv.h"

/* What the kernel sends for the part that an entry does not have (smc_pnet_set_nla). */
#define NO_PORT 0xff
#define NO_NAME "n/a"

struct table {
	struct smc_pnet *entries;
	int n;
};

bool smc_pnet_id_valid(const char *id)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(id);

	return len >= 1 && len <= SMC_PNET_ID_MAX && strspn(id, allowed) == len;
}

/* The kernel stores ids in upper case, and DEL compares without converting. */
static void to_upper(const char *id, char ret[SMC_PNET_ID_MAX + 1])
{
	size_t i;

	for (i = 0; i < SMC_PNET_ID_MAX && id[i] != '\0'; i++)
		ret[i] = (char)toupper((unsigned char)id[i]);
	ret[i] = '\0';
}

static bool same_id(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* The kernel keeps port 1 where the request had none. */
static uint8_t port_of(const struct smc_pnet *entry)
{
	return entry->ibport ? entry->ibport : 1;
}

static bool same_device(const struct smc_pnet *a, const struct smc_pnet *b)
{
	if (a->ethname[0] != '\0')
		return strcmp(a->ethname, b->ethname) == 0;
	return b->ibname[0] != '\0' && strcmp(a->ibname, b->ibname) == 0 &&
	       port_of(a) == port_of(b);
}

static const char *device_text(const struct smc_pnet *entry, char buf[128])
{
	if (entry->ethname[0] != '\0')
		(void)snprintf(buf, 128, "interface '%s'", entry->ethname);
	else if (entry->ibport)
		(void)snprintf(buf, 128, "device '%s' port %u", entry->ibname, entry->ibport);
	else
		(void)snprintf(buf, 128, "device '%s'", entry->ibname);
	return buf;
}

static int take_entry(const struct nlmsghdr *nlh, void *arg)
{
	static const struct nla_policy policy[SMC_PNETID_MAX + 1] = {
		[SMC_PNETID_NAME] = { .type = NLA_STRING },
		[SMC_PNETID_ETHNAME] = { .type = NLA_STRING },
		[SMC_PNETID_IBNAME] = { .type = NLA_STRING },
		[SMC_PNETID_IBPORT] = { .type = NLA_U8 },
	};
	struct nlattr *attrs[SMC_PNETID_MAX + 1];
	struct table *table = arg;
	struct smc_pnet *entry, *grown;

	if (smc_nl_parse(nlh, attrs, SMC_PNETID_MAX, policy) < 0 || !attrs[SMC_PNETID_NAME])
		return -EPROTO;
	grown = realloc(table->entries, (size_t)(table->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	table->entries = grown;
	entry = &grown[table->n++];
	*entry = (struct smc_pnet){ .ibport = 0 };
	(void)nla_strlcpy(entry->id, attrs[SMC_PNETID_NAME], sizeof(entry->id));
	if (attrs[SMC_PNETID_IBPORT] && nla_get_u8(attrs[SMC_PNETID_IBPORT]) != NO_PORT) {
		entry->ibport = nla_get_u8(attrs[SMC_PNETID_IBPORT]);
		if (attrs[SMC_PNETID_IBNAME])
			(void)nla_strlcpy(entry->ibname, attrs[SMC_PNETID_IBNAME],
					  sizeof(entry->ibname));
	} else if (attrs[SMC_PNETID_ETHNAME] &&
		   strcmp(nla_get_string(attrs[SMC_PNETID_ETHNAME]), NO_NAME) != 0) {
		(void)nla_strlcpy(entry->ethname, attrs[SMC_PNETID_ETHNAME],
				  sizeof(entry->ethname));
	}
	return 0;
}

static void empty_table(void *arg)
{
	struct table *table = arg;

	table->n = 0;
}

int smc_pnet_list(struct smc_nl *nl, struct smc_pnet **ret, struct err *err)
{
	struct table table = { .n = 0 };
	int r = smc_nl_dump(nl, nl->pnet_family, SMC_PNETID_GET, take_entry, empty_table, &table,
			    err);

	if (r < 0) {
		free(table.entries);
		return err_prefix(err, r, "list pnet ids");
	}
	*ret = table.entries;
	return table.n;
}

/* The error's text is the cause only, as that of nlsock_talk(). */
static int send_add(struct smc_nl *nl, const struct smc_pnet *entry, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = smc_nl_msg(nl->pnet_family, SMC_PNETID_ADD, 0);
	char id[SMC_PNET_ID_MAX + 1];
	int r;

	to_upper(entry->id, id);
	if (!msg)
		return err_sys(err, ENOMEM, "allocate a netlink message");
	r = nla_put_string(msg, SMC_PNETID_NAME, id);
	if (r == 0 && entry->ethname[0] != '\0')
		r = nla_put_string(msg, SMC_PNETID_ETHNAME, entry->ethname);
	if (r == 0 && entry->ibname[0] != '\0')
		r = nla_put_string(msg, SMC_PNETID_IBNAME, entry->ibname);
	if (r == 0 && entry->ibname[0] != '\0' && entry->ibport)
		r = nla_put_u8(msg, SMC_PNETID_IBPORT, entry->ibport);
	if (r < 0)
		return err_sys(err, ENOMEM, "fill a netlink message");
	return nlsock_talk(nl->sk, msg, err);
}

static int send_del(struct smc_nl *nl, const char *id, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = smc_nl_msg(nl->pnet_family, SMC_PNETID_DEL, 0);
	char upper[SMC_PNET_ID_MAX + 1];

	to_upper(id, upper);
	if (!msg || nla_put_string(msg, SMC_PNETID_NAME, upper) < 0)
		return err_sys(err, ENOMEM, "allocate a netlink message");
	return nlsock_talk(nl->sk, msg, err);
}

/* The kernel says EEXIST for an equal entry, for another id, for an id of the hardware, and for an
 * RDMA device anywhere but in the init namespace. This finds out which it is: 1 for an equal entry,
 * -ENOTUNIQ for an id of an interface's hardware, else -EEXIST with a message. */
static int explain_exists(struct smc_nl *nl, const struct smc_pnet *entry, struct err *err)
{
	auto_free struct smc_pnet *entries = NULL;
	int n = smc_pnet_list(nl, &entries, err);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		const struct smc_pnet *e = &entries[i];

		if (same_device(entry, e))
			return same_id(entry->id, e->id) ?
				       1 :
				       err_set(err, -EEXIST, "it has '%s'", e->id);
		/* The kernel's table takes one entry a device name, whatever the port. */
		if (entry->ibname[0] != '\0' && strcmp(entry->ibname, e->ibname) == 0)
			return err_set(err, -EEXIST,
				       "the kernel keeps one entry a device, and port %u has '%s'",
				       e->ibport, e->id);
	}
	if (entry->ethname[0] != '\0')
		return err_set(err, -ENOTUNIQ, "it has an id of its hardware");
	return err_set(err, -EEXIST,
		       "it has an id of its hardware, or this is not the host's network namespace");
}

int smc_pnet_add(struct smc_nl *nl, const struct smc_pnet *entry, struct err *err)
{
	struct err why = ERR_INIT;
	char device[128];
	int r;

	if (!smc_pnet_id_valid(entry->id))
		return err_set(err, -EINVAL, "add pnet id '%s': expected 1 to %d letters or digits",
			       entry->id, SMC_PNET_ID_MAX);
	if ((entry->ethname[0] == '\0') == (entry->ibname[0] == '\0'))
		return err_set(err, -EINVAL,
			       "add pnet id '%s': expected either an interface or a device",
			       entry->id);
	r = send_add(nl, entry, &why);
	if (r == -EEXIST)
		r = explain_exists(nl, entry, &why);
	if (r < 0)
		return err_set(err, r, "add pnet id '%s' for %s: %s", entry->id,
			       device_text(entry, device), why.msg);
	return r;
}

int smc_pnet_del(struct smc_nl *nl, const struct smc_pnet *entry, struct err *err)
{
	auto_free struct smc_pnet *entries = NULL;
	int n = smc_pnet_list(nl, &entries, err), found = -1, r, r2;
	char device[128];

	if (n < 0)
		return n;
	for (int i = 0; i < n && found < 0; i++) {
		if (same_id(entry->id, entries[i].id) && same_device(entry, &entries[i]))
			found = i;
	}
	(void)device_text(entry, device);
	if (found < 0)
		return err_set(err, -ENOENT, "remove pnet id '%s' of %s: there is no such entry",
			       entry->id, device);
	r = send_del(nl, entry->id, err);
	if (r < 0)
		return err_prefix(err, r, "remove pnet id '%s' of %s", entry->id, device);
	for (int i = 0; i < n; i++) {
		struct err why = ERR_INIT;

		if (i == found || !same_id(entry->id, entries[i].id))
			continue;
		r2 = smc_pnet_add(nl, &entries[i], &why);
		if (r2 < 0 && r == 0)
			r = err_set(err, r2, "remove pnet id '%s' of %s: put back another: %s",
				    entry->id, device, why.msg);
	}
	return r;
}
