/* SPDX-License-Identifier: Apache-2.0 */
/* CNI results (prevResult, an IPAM plugin's output, our own), kept as JSON in the form of
 * version 1.x: what we do not know in them is passed on as it is.
 */
#ifndef SMC_COMMON_RESULT_H
#define SMC_COMMON_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/inet.h"
#include "common/version.h"
#include "common/wire.h"

/* A copy of a result of any version (0.1.0 and 0.2.0 with ip4 and ip6, too) in 1.x form, its
 * types checked. `where` names it in messages ("prevResult"). -EINVAL. */
int result_import(const json_t *in, const char *where, json_t **ret, struct err *err);

/* The types of a "dns" as results and configurations have it; `where` names obj, which may have
 * one. -EINVAL. */
int result_check_dns(const json_t *obj, const char *where, struct err *err);

/* A copy as the version has it. NULL when there is no memory. */
json_t *result_export(const json_t *result, enum cni_version version);

struct result_ip {
	struct inet_addr address;
	bool has_gateway;
	struct inet_addr gateway;
	int interface; /* index into interfaces; -1 if not said, or there is none such */
};

struct result_route {
	struct inet_addr dst;
	bool has_gateway;
	struct inet_addr gateway;
	uint32_t mtu, advmss, priority, table; /* 0: not said */
	int scope; /* -1: not said */
};

/* Entry `index` of an imported result. False behind the last one. */
bool result_ip_at(const json_t *result, size_t index, struct result_ip *ret);
bool result_route_at(const json_t *result, size_t index, struct result_route *ret);

/* The interfaces in sandbox `netns` with their addresses (those without an index go to `ifname`,
 * or else to the first). When the result lists none there: `ifname` with all addresses. What is
 * more than max, or than WIRE_IPS_MAX, is left out. Returns the number, >= 1. */
int result_pod_interfaces(const json_t *result, const char *netns, const char *ifname,
			  struct wire_interface *ret, int max);

#endif
