/* SPDX-License-Identifier: Apache-2.0 */
/* The part of conf_interface.h about the MAC address, and about what the runtime or args.cni may
 * ask for one pod. */
#include <errno.h>
#include <string.h>

#include "cni-plugin/conf_interface.h"
#include "common/inet.h"
#include "common/json.h"
#include "common/link.h"

bool conf_mac_parse(const char *text, uint8_t ret[ETH_ALEN])
{
	uint8_t mac[ETH_ALEN];

	if (!link_parse_mac(text, mac) || (mac[0] & 1) ||
	    !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]))
		return false;
	memcpy(ret, mac, ETH_ALEN);
	return true;
}

/* 1 if it was set. */
static int get_mac(const json_t *obj, const char *where, struct conf_interface *ret,
		   struct err *err)
{
	const char *text = "";
	int r = smc_json_get_string(obj, where, "mac", &text, err);

	if (r <= 0 || *text == '\0')
		return r;
	if (!conf_mac_parse(text, ret->mac))
		return err_set(err, -EINVAL,
			       "%s: 'mac' is '%.64s'; allowed is a unicast address like "
			       "02:00:00:00:00:01",
			       where, text);
	ret->has_mac = true;
	return 1;
}

static int may_have_mac(const struct conf_interface *c, struct err *err)
{
	if (c->has_mac && c->kind == CONF_IPVLAN)
		return err_set(err, -EINVAL,
			       "a 'mac' is set, but an ipvlan has the address of its master");
	return 0;
}

int conf_interface_take_mac(const json_t *obj, struct conf_interface *ret, struct err *err)
{
	int r = get_mac(obj, "interface", ret, err);

	return r < 0 ? r : may_have_mac(ret, err);
}

/* What is asked for this pod beats what is asked for all: runtimeConfig, args.cni, interface. */
static int get_macs(const json_t *root, struct conf_interface *ret, struct err *err)
{
	json_t *args = NULL, *cni = NULL, *runtime = NULL;
	int own, runtimes;

	if (smc_json_get_object(root, "netconf", "args", &args, err) < 0 ||
	    smc_json_get_object(args, "args", "cni", &cni, err) < 0 ||
	    smc_json_get_object(root, "netconf", "runtimeConfig", &runtime, err) < 0)
		return -EINVAL;
	own = get_mac(cni, "args.cni", ret, err);
	runtimes = own < 0 ? own : get_mac(runtime, "runtimeConfig", ret, err);
	if (runtimes < 0)
		return runtimes;
	ret->mac_is_runtimes = own > 0 || runtimes > 0;
	return may_have_mac(ret, err);
}

int conf_interface_set_mac(struct conf_interface *c, const uint8_t mac[ETH_ALEN], struct err *err)
{
	if (c->mac_is_runtimes)
		return 0;
	memcpy(c->mac, mac, ETH_ALEN);
	c->has_mac = true;
	return may_have_mac(c, err);
}

/* "bandwidth" counts if it has a limit in it; "ips" is for the IPAM plugin, which gets it as it
 * is. */
static int get_runtime(const json_t *root, struct conf_interface *ret, struct err *err)
{
	json_t *runtime = NULL, *bandwidth = NULL, *ips = NULL, *value;
	const char *key;
	size_t i;

	if (smc_json_get_object(root, "netconf", "runtimeConfig", &runtime, err) < 0 ||
	    smc_json_get_object(runtime, "runtimeConfig", "bandwidth", &bandwidth, err) < 0 ||
	    smc_json_get_array(runtime, "runtimeConfig", "ips", &ips, err) < 0)
		return -EINVAL;
	json_object_foreach(bandwidth, key, value) {
		ret->has_bandwidth |= !json_is_integer(value) || json_integer_value(value) != 0;
	}
	json_array_foreach(ips, i, value) {
		struct inet_addr addr;
		int r = json_is_string(value) ? inet_parse(json_string_value(value), &addr, err) :
						err_set(err, -EINVAL, "it must be a string");

		if (r < 0)
			return err_prefix(err, r, "runtimeConfig: 'ips[%zu]'", i);
	}
	return 0;
}

int conf_interface_take_pod(const json_t *root, struct conf_interface *ret, struct err *err)
{
	int r = get_macs(root, ret, err);

	return r < 0 ? r : get_runtime(root, ret, err);
}
