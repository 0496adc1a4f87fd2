#include "cni-plugin/conf_interface.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

/* As the kernel has it for Ethernet: ETH_MIN_MTU, ETH_MAX_MTU. */
#define MTU_MIN 68
#define MTU_MAX 65535

struct choice {
	const char *text;
	int value;
};

static const struct choice kinds[] = {
	{ "veth", CONF_VETH },	   { "ptp", CONF_PTP },	    { "macvlan", CONF_MACVLAN },
	{ "ipvlan", CONF_IPVLAN }, { "dummy", CONF_DUMMY }, { NULL, 0 },
};

/* The first one is the default. */
static const struct choice macvlan_modes[] = {
	{ "bridge", MACVLAN_MODE_BRIDGE },
	{ "private", MACVLAN_MODE_PRIVATE },
	{ "vepa", MACVLAN_MODE_VEPA },
	{ "passthru", MACVLAN_MODE_PASSTHRU },
	{ NULL, 0 },
};

static const struct choice ipvlan_modes[] = {
	{ "l2", IPVLAN_MODE_L2 },
	{ "l3", IPVLAN_MODE_L3 },
	{ "l3s", IPVLAN_MODE_L3S },
	{ NULL, 0 },
};

static int choose(const char *key, const char *text, const struct choice *choices, int *ret,
		  struct err *err)
{
	char allowed[128] = "";

	for (const struct choice *c = choices; c->text; c++) {
		if (!strcmp(text, c->text)) {
			*ret = c->value;
			return 0;
		}
		if (*allowed)
			strcat(allowed, c[1].text ? ", " : " and ");
		strcat(allowed, c->text);
	}
	return err_set(err, -EINVAL, "interface: '%s' is '%.64s'; allowed are %s", key, text,
		       allowed);
}

static int get_kind(const json_t *obj, struct conf_interface *ret, struct cni_error *e)
{
	const char *text = NULL;
	int kind = 0;
	int r = smc_json_need_string(obj, "interface", "kind", &text, &e->err);

	if (r < 0)
		return cni_fail(e, CNI_CONFIG, r);
	r = choose("kind", text, kinds, &kind, &e->err);
	ret->kind = (enum conf_kind)kind;
	return cni_fail(e, CNI_UNSUPPORTED, r);
}

static int get_mode(const json_t *obj, struct conf_interface *ret, struct err *err)
{
	const struct choice *modes = ret->kind == CONF_MACVLAN ? macvlan_modes : ipvlan_modes;
	const char *text = modes->text;
	int r = smc_json_get_string(obj, "interface", "mode", &text, err);

	if (r < 0 || (ret->kind != CONF_MACVLAN && ret->kind != CONF_IPVLAN))
		return r;
	return choose("mode", text, modes, &ret->mode, err);
}

static int get_ifname(const json_t *obj, const char *key, const char *preset, char ret[IFNAMSIZ],
		      struct err *err)
{
	const char *name = preset;
	int r = smc_json_get_string(obj, "interface", key, &name, err);

	if (r < 0)
		return r;
	if ((*name || *preset) && !wire_ifname_valid(name))
		return err_set(
			err, -EINVAL,
			"interface: '%s' is '%.64s'; allowed is an interface name: 1 to %d "
			"printable characters without blank, '/' and ':'",
			key, name, IFNAMSIZ - 1);
	strcpy(ret, name);
	return 0;
}

/* ---- MAC ---- */

bool conf_mac_parse(const char *text, uint8_t ret[ETH_ALEN])
{
	uint8_t mac[ETH_ALEN];
	int end = 0;

	if (strlen(text) != 3 * ETH_ALEN - 1 ||
	    strspn(text, "0123456789abcdefABCDEF:") != strlen(text) ||
	    sscanf(text,
		   "%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 "%n",
		   &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &end) != ETH_ALEN ||
	    text[end] != '\0')
		return false;
	if ((mac[0] & 1) || !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]))
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

/* What is asked for this pod beats what is asked for all: runtimeConfig, args.cni, interface. */
static int get_macs(const json_t *root, const json_t *obj, struct conf_interface *ret,
		    struct err *err)
{
	json_t *args = NULL, *cni = NULL, *runtime = NULL;
	int own, runtimes;

	if (smc_json_get_object(root, "netconf", "args", &args, err) < 0 ||
	    smc_json_get_object(args, "args", "cni", &cni, err) < 0 ||
	    smc_json_get_object(root, "netconf", "runtimeConfig", &runtime, err) < 0 ||
	    get_mac(obj, "interface", ret, err) < 0)
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

/* ---- all together ---- */

static int get_switches(const json_t *obj, struct conf_interface *ret, struct err *err)
{
	const struct {
		const char *key;
		bool *value;
	} switches[] = {
		{ "isGateway", &ret->is_gateway },
		{ "isDefaultGateway", &ret->is_default_gateway },
		{ "hairpin", &ret->hairpin },
	};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		int r = smc_json_get_bool(obj, "interface", switches[i].key, switches[i].value,
					  err);

		if (r < 0)
			return r;
	}
	if (ret->kind != CONF_VETH && (ret->is_gateway || ret->hairpin))
		return err_set(err, -EINVAL,
			       "interface: '%s' is true; allowed with another kind than veth is "
			       "false",
			       ret->is_gateway ? "isGateway" : "hairpin");
	if (ret->is_default_gateway && ret->kind == CONF_VETH)
		ret->is_gateway = true;
	return 0;
}

int conf_interface_parse(const json_t *root, struct conf_interface *ret, struct cni_error *e)
{
	json_t *obj = NULL;
	int64_t mtu = 0;
	bool masq = false;
	int r = smc_json_get_object(root, "netconf", "interface", &obj, &e->err);

	if (r <= 0)
		return cni_fail(e, CNI_CONFIG, r);
	r = get_kind(obj, ret, e);
	if (r < 0)
		return r;
	if (smc_json_get_bool(obj, "interface", "ipMasq", &masq, &e->err) < 0 ||
	    smc_json_get_int(obj, "interface", "mtu", MTU_MIN, MTU_MAX, &mtu, &e->err) < 0 ||
	    get_ifname(obj, "bridge", "cni0", ret->bridge, &e->err) < 0 ||
	    get_ifname(obj, "master", "", ret->master, &e->err) < 0 ||
	    get_mode(obj, ret, &e->err) < 0 || get_switches(obj, ret, &e->err) < 0 ||
	    get_macs(root, obj, ret, &e->err) < 0)
		return cni_fail(e, CNI_CONFIG, -EINVAL);
	if (masq)
		return cni_fail(
			e, CNI_UNSUPPORTED,
			err_set(&e->err, -EINVAL, "interface: 'ipMasq' is true; allowed is false"));
	ret->mtu = (int)mtu;
	return 1;
}
