# SPDX-License-Identifier: Apache-2.0
"""The result of ADD in the form of each version of the specification."""
import copy
import ipaddress

NEW_INTERFACE_KEYS = ("mtu", "socketPath", "pciID")  # since 1.1.0
NEW_ROUTE_KEYS = ("mtu", "advmss", "priority", "table", "scope")


def downgrade(result, version):
    """A result in the form of 1.1.0, in an older form."""
    result = dict(copy.deepcopy(result), cniVersion=version)
    if version != "1.1.0":
        for interface in result.get("interfaces", ()):
            for key in NEW_INTERFACE_KEYS:
                interface.pop(key, None)
        for route in result.get("routes", ()):
            for key in NEW_ROUTE_KEYS:
                route.pop(key, None)
    if version.startswith("0."):
        for address in result.get("ips", ()):
            address["version"] = str(ipaddress.ip_interface(address["address"]).version)
    return result


def canonical(result):
    """For comparison: empty lists, objects and strings are as good as absent."""
    if isinstance(result, dict):
        return {k: canonical(v) for k, v in result.items() if v not in (None, "", [], {})}
    if isinstance(result, list):
        return [canonical(v) for v in result]
    return result
