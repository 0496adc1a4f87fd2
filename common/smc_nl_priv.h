/* SPDX-License-Identifier: Apache-2.0 */
/* What the smc_*.c files share behind common/smc_nl.h; nobody else includes it. */
#ifndef SMC_COMMON_SMC_NL_PRIV_H
#define SMC_COMMON_SMC_NL_PRIV_H

#include <netlink/genl/genl.h>

#include "common/nlsock.h"
#include "common/smc_nl.h"

struct smc_nl {
	struct nl_sock *sk;
	int pnet_family; /* ids of the generic netlink families */
	int gen_family;
};

/* A request without attributes yet; NULL when memory ran out. Both families are of version 1. */
struct nl_msg *smc_nl_msg(int family, uint8_t cmd, int flags);

/* The attributes of a reply; those that the kernel did not send are NULL. -EPROTO if one is
 * malformed. */
int smc_nl_parse(const struct nlmsghdr *nlh, struct nlattr **attrs, int max_type,
		 const struct nla_policy *policy);
/* As smc_nl_parse for the one nested attribute `nest` of the reply. */
int smc_nl_parse_nest(const struct nlmsghdr *nlh, int nest, struct nlattr **attrs, int max_type,
		      const struct nla_policy *policy);

/* Dumps without attributes. A dump that a change interrupted is repeated a few times; reset (may be
 * NULL) empties arg before each. The error text is the cause only, as nlsock_query's. */
int smc_nl_dump(struct smc_nl *nl, int family, uint8_t cmd, nlsock_msg_fn *fn,
		nlsock_forget_fn *reset, void *arg, struct err *err);

#endif
