/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/pnets.h"

#include <stddef.h>

#include "common/cleanup.h"
#include "node-agent/config/config.h"
#include "node-agent/config/value.h"

static int read_rdma(const struct config_at *at, const struct ytree_node *value, void *out,
		     struct err *err)
{
	static const struct config_field fields[] = {
		{ "device", config_value_ib_device, offsetof(struct config_rdma, device) },
		{ "port", config_value_ib_port, offsetof(struct config_rdma, port) },
	};
	struct config_rdma *rdma = out;
	int rc;

	rdma->port = 1;
	rc = config_read_map(at, value, fields, ARRAY_SIZE(fields), rdma, err);
	if (rc != 0)
		return rc;
	return *rdma->device ? 0 : config_missing(at, value, "device", err);
}

/* The readers of lists take the whole struct: its array and its count lie apart. */

static int read_rdmas(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	struct config_pnet *pnet = out;

	return config_read_list(at, value, sizeof(*pnet->rdma), read_rdma, (void **)&pnet->rdma,
				&pnet->n_rdma, err);
}

static int read_interfaces(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	struct config_pnet *pnet = out;

	return config_read_list(at, value, sizeof(*pnet->interfaces), config_value_interface,
				(void **)&pnet->interfaces, &pnet->n_interfaces, err);
}

static int read_pod_cidrs(const struct config_at *at, const struct ytree_node *value, void *out,
			  struct err *err)
{
	struct config_pnet *pnet = out;

	return config_read_list(at, value, sizeof(*pnet->pod_cidrs), config_value_cidr,
				(void **)&pnet->pod_cidrs, &pnet->n_pod_cidrs, err);
}

static int read_pnet(const struct config_at *at, const struct ytree_node *value, void *out,
		     struct err *err)
{
	static const struct config_field fields[] = {
		{ "id", config_value_pnet_id, offsetof(struct config_pnet, id) },
		{ "rdma", read_rdmas, 0 },
		{ "interfaces", read_interfaces, 0 },
		{ "podCIDRs", read_pod_cidrs, 0 },
	};
	struct config_pnet *pnet = out;
	int rc;

	rc = config_read_map(at, value, fields, ARRAY_SIZE(fields), pnet, err);
	if (rc != 0)
		return rc;
	return *pnet->id ? 0 : config_missing(at, value, "id", err);
}

int config_pnets_read(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	struct config *c = out;

	return config_read_list(at, value, sizeof(*c->pnets), read_pnet, (void **)&c->pnets,
				&c->n_pnets, err);
}

const struct config_pnet *config_pnet_for(const struct config *config, const struct inet_addr *addr)
{
	for (int i = 0; i < config->n_pnets; i++)
		for (int k = 0; k < config->pnets[i].n_pod_cidrs; k++)
			if (inet_covers(&config->pnets[i].pod_cidrs[k], addr))
				return &config->pnets[i];
	return config->n_pnets == 1 ? &config->pnets[0] : NULL;
}
