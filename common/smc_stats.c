/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of a network namespace (kernel: net/smc/smc_stats.c). */
#include <errno.h>
#include <linux/smc.h>

#include "common/smc_nl.h"
#include "common/smc_nl_priv.h"

static uint64_t u64_or_0(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static int take_tech(struct nlattr *nest, struct smc_tech_stats *ret)
{
	static const struct nla_policy policy[SMC_NLA_STATS_T_MAX + 1] = {
		[SMC_NLA_STATS_T_CLNT_V1_SUCC] = { .type = NLA_U64 },
		[SMC_NLA_STATS_T_CLNT_V2_SUCC] = { .type = NLA_U64 },
		[SMC_NLA_STATS_T_SRV_V1_SUCC] = { .type = NLA_U64 },
		[SMC_NLA_STATS_T_SRV_V2_SUCC] = { .type = NLA_U64 },
		[SMC_NLA_STATS_T_RX_BYTES] = { .type = NLA_U64 },
		[SMC_NLA_STATS_T_TX_BYTES] = { .type = NLA_U64 },
	};
	struct nlattr *attrs[SMC_NLA_STATS_T_MAX + 1];

	if (!nest || nla_parse_nested(attrs, SMC_NLA_STATS_T_MAX, nest, policy) < 0)
		return -EPROTO;
	ret->tx_bytes = u64_or_0(attrs[SMC_NLA_STATS_T_TX_BYTES]);
	ret->rx_bytes = u64_or_0(attrs[SMC_NLA_STATS_T_RX_BYTES]);
	ret->client_conns = u64_or_0(attrs[SMC_NLA_STATS_T_CLNT_V1_SUCC]) +
			    u64_or_0(attrs[SMC_NLA_STATS_T_CLNT_V2_SUCC]);
	ret->server_conns = u64_or_0(attrs[SMC_NLA_STATS_T_SRV_V1_SUCC]) +
			    u64_or_0(attrs[SMC_NLA_STATS_T_SRV_V2_SUCC]);
	return 0;
}

static int take_stats(const struct nlmsghdr *nlh, void *arg)
{
	static const struct nla_policy policy[SMC_NLA_STATS_MAX + 1] = {
		[SMC_NLA_STATS_SMCD_TECH] = { .type = NLA_NESTED },
		[SMC_NLA_STATS_SMCR_TECH] = { .type = NLA_NESTED },
		[SMC_NLA_STATS_CLNT_HS_ERR_CNT] = { .type = NLA_U64 },
		[SMC_NLA_STATS_SRV_HS_ERR_CNT] = { .type = NLA_U64 },
	};
	struct nlattr *attrs[SMC_NLA_STATS_MAX + 1];
	struct smc_stats *stats = arg;
	int r = smc_nl_parse_nest(nlh, SMC_GEN_STATS, attrs, SMC_NLA_STATS_MAX, policy);

	if (r < 0)
		return r;
	stats->handshake_errors_client = u64_or_0(attrs[SMC_NLA_STATS_CLNT_HS_ERR_CNT]);
	stats->handshake_errors_server = u64_or_0(attrs[SMC_NLA_STATS_SRV_HS_ERR_CNT]);
	r = take_tech(attrs[SMC_NLA_STATS_SMCD_TECH], &stats->smcd);
	return r < 0 ? r : take_tech(attrs[SMC_NLA_STATS_SMCR_TECH], &stats->smcr);
}

/* The kernel sends one message for each reason and role. Only the first has the totals, so without
 * any reason there are none. */
static int take_fallback(const struct nlmsghdr *nlh, void *arg)
{
	static const struct nla_policy policy[SMC_NLA_FBACK_STATS_MAX + 1] = {
		[SMC_NLA_FBACK_STATS_TYPE] = { .type = NLA_U8 },
		[SMC_NLA_FBACK_STATS_SRV_CNT] = { .type = NLA_U64 },
		[SMC_NLA_FBACK_STATS_CLNT_CNT] = { .type = NLA_U64 },
		[SMC_NLA_FBACK_STATS_RSN_CODE] = { .type = NLA_U32 },
		[SMC_NLA_FBACK_STATS_RSN_CNT] = { .type = NLA_U16 },
	};
	struct nlattr *attrs[SMC_NLA_FBACK_STATS_MAX + 1];
	struct smc_stats *stats = arg;
	int r = smc_nl_parse_nest(nlh, SMC_GEN_FBACK_STATS, attrs, SMC_NLA_FBACK_STATS_MAX, policy);

	if (r < 0)
		return r;
	if (attrs[SMC_NLA_FBACK_STATS_SRV_CNT])
		stats->fallback_server = nla_get_u64(attrs[SMC_NLA_FBACK_STATS_SRV_CNT]);
	if (attrs[SMC_NLA_FBACK_STATS_CLNT_CNT])
		stats->fallback_client = nla_get_u64(attrs[SMC_NLA_FBACK_STATS_CLNT_CNT]);
	if (!attrs[SMC_NLA_FBACK_STATS_TYPE] || !attrs[SMC_NLA_FBACK_STATS_RSN_CODE] ||
	    !attrs[SMC_NLA_FBACK_STATS_RSN_CNT])
		return -EPROTO;
	/* A later kernel may keep more reasons: the totals still count them. */
	if (stats->n_fallbacks == 2 * SMC_FALLBACK_MAX)
		return 0;
	stats->fallbacks[stats->n_fallbacks++] = (struct smc_fallback){
		.code = nla_get_u32(attrs[SMC_NLA_FBACK_STATS_RSN_CODE]),
		.count = nla_get_u16(attrs[SMC_NLA_FBACK_STATS_RSN_CNT]),
		.server = nla_get_u8(attrs[SMC_NLA_FBACK_STATS_TYPE]) != 0,
	};
	return 0;
}

static void forget_fallbacks(void *arg)
{
	struct smc_stats *stats = arg;

	stats->n_fallbacks = 0;
}

int smc_stats_get(struct smc_nl *nl, struct smc_stats *ret, struct err *err)
{
	struct smc_stats stats = { .n_fallbacks = 0 };
	int r = smc_nl_dump(nl, nl->gen_family, SMC_NETLINK_GET_STATS, take_stats, NULL, &stats,
			    err);

	if (r == 0)
		r = smc_nl_dump(nl, nl->gen_family, SMC_NETLINK_GET_FBACK_STATS, take_fallback,
				forget_fallbacks, &stats, err);
	if (r < 0)
		return err_prefix(err, r, "read SMC statistics");
	*ret = stats;
	return 0;
}
