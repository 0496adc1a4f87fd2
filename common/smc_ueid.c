/* SPDX-License-Identifier: Apache-2.0 */
/* The node's table of user-defined EIDs (kernel: net/smc/smc_clc.c). */
#include <errno.h>
#include <linux/smc.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/smc_nl.h"
#include "common/smc_nl_priv.h"

_Static_assert(SMC_UEID_LEN == SMC_MAX_EID_LEN, "the length is the kernel's");

struct table {
	char eids[SMC_MAX_UEID][SMC_UEID_LEN + 1];
	int n;
};

bool smc_ueid_valid(const char *ueid)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	size_t len = strlen(ueid);

	return len >= 1 && len <= SMC_UEID_LEN && strspn(ueid, first) >= 1 &&
	       strspn(ueid, rest) == len;
}

/* The kernel takes exactly 32 characters and a NUL, and compares all of them. The error's text is
 * the cause only. */
static int send_ueid(struct smc_nl *nl, uint8_t cmd, const char *ueid, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = smc_nl_msg(nl->gen_family, cmd, 0);
	char padded[SMC_UEID_LEN + 1];

	if (!smc_ueid_valid(ueid))
		return err_set(err, -EINVAL,
			       "expected 1 to %d characters A-Z 0-9 . - that start with a "
			       "letter or digit",
			       SMC_UEID_LEN);
	(void)snprintf(padded, sizeof(padded), "%-*s", SMC_UEID_LEN, ueid);
	if (!msg || nla_put_string(msg, SMC_NLA_EID_TABLE_ENTRY, padded) < 0)
		return err_sys(err, ENOMEM, "allocate a netlink message");
	return nlsock_talk(nl->sk, msg, err);
}

static int take_ueid(const struct nlmsghdr *nlh, void *arg)
{
	static const struct nla_policy policy[SMC_NLA_EID_TABLE_MAX + 1] = {
		[SMC_NLA_EID_TABLE_ENTRY] = { .type = NLA_STRING },
	};
	struct nlattr *attrs[SMC_NLA_EID_TABLE_MAX + 1];
	struct table *table = arg;
	char *eid;
	size_t len;

	if (smc_nl_parse(nlh, attrs, SMC_NLA_EID_TABLE_MAX, policy) < 0 ||
	    !attrs[SMC_NLA_EID_TABLE_ENTRY] || table->n == SMC_MAX_UEID)
		return -EPROTO;
	eid = table->eids[table->n++];
	(void)nla_strlcpy(eid, attrs[SMC_NLA_EID_TABLE_ENTRY], SMC_UEID_LEN + 1);
	for (len = strlen(eid); len > 0 && eid[len - 1] == ' '; len--)
		eid[len - 1] = '\0';
	return 0;
}

static void empty_table(void *arg)
{
	struct table *table = arg;

	table->n = 0;
}

static int read_table(struct smc_nl *nl, struct table *ret, struct err *err)
{
	int r = smc_nl_dump(nl, nl->gen_family, SMC_NETLINK_DUMP_UEID, take_ueid, empty_table, ret,
			    err);

	return r < 0 ? err_prefix(err, r, "list UEIDs") : 0;
}

int smc_ueid_list(struct smc_nl *nl, char (**ret)[SMC_UEID_LEN + 1], struct err *err)
{
	struct table table = { .n = 0 };
	int r = read_table(nl, &table, err);

	if (r < 0)
		return r;
	*ret = malloc(sizeof(table.eids));
	if (!*ret)
		return err_sys(err, ENOMEM, "list UEIDs");
	memcpy(*ret, table.eids, sizeof(table.eids));
	return table.n;
}

/* The kernel looks at the number of entries before it looks for an equal one. */
static int explain_full(struct smc_nl *nl, const char *ueid, struct err *err)
{
	char all[SMC_MAX_UEID * (SMC_UEID_LEN + 4)] = "";
	struct table table = { .n = 0 };
	int r = read_table(nl, &table, err);
	size_t used = 0;

	if (r < 0)
		return r;
	for (int i = 0; i < table.n; i++) {
		if (strcmp(table.eids[i], ueid) == 0)
			return 1;
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s'%s'", i ? ", " : "",
					 table.eids[i]);
	}
	return err_set(err, -ERANGE, "the kernel takes %d, and there are %s", SMC_MAX_UEID, all);
}

int smc_ueid_add(struct smc_nl *nl, const char *ueid, struct err *err)
{
	struct err why = ERR_INIT;
	int r = send_ueid(nl, SMC_NETLINK_ADD_UEID, ueid, &why);

	if (r == -EEXIST)
		return 1;
	if (r == -ERANGE)
		r = explain_full(nl, ueid, &why);
	return r < 0 ? err_set(err, r, "add UEID '%s': %s", ueid, why.msg) : r;
}

int smc_ueid_del(struct smc_nl *nl, const char *ueid, struct err *err)
{
	struct err why = ERR_INIT;
	int r = send_ueid(nl, SMC_NETLINK_REMOVE_UEID, ueid, &why);

	/* s390: "removed, and the system EID is in use again" (smc_clc_ueid_remove). */
	if (r == -EAGAIN)
		return 0;
	return r < 0 ? err_set(err, r, "remove UEID '%s': %s", ueid, why.msg) : 0;
}
