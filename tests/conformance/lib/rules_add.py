# SPDX-License-Identifier: Apache-2.0
"""ADD, and what its result says."""
import ipaddress
import json
import os
import pathlib

from . import host, results
from .rule import rule

ADD = "Section 2 / ADD"
RESULT = "Section 5 / ADD Success"


@rule("add-result", ADD, "success is status 0 and one result object on stdout", each=True)
def _(t):
    t.added()


@rule("add-result-version", RESULT, "the result has the cniVersion of the request", each=True)
def _(t):
    _, result = t.added()
    t.that(result.get("cniVersion") == t.version, f"'cniVersion' is {result.get('cniVersion')!r}")


@rule("add-result-form", RESULT,
      "the result has the form of its version, and no keys of newer ones", each=True)
def _(t):
    _, result = t.added()
    for address in result.get("ips") or ():
        version = str(ipaddress.ip_interface(address["address"]).version)
        if t.version.startswith("0."):
            t.that(address.get("version") == version, f"'version' of {address} is not '{version}'")
        else:
            t.that("version" not in address, f"{address} has 'version', which 1.0.0 removed")
    if t.version != "1.1.0":
        for interface in result.get("interfaces") or ():
            t.that(not set(interface) & set(results.NEW_INTERFACE_KEYS),
                   f"{interface} has keys of 1.1.0")
        for route in result.get("routes") or ():
            t.that(not set(route) & set(results.NEW_ROUTE_KEYS), f"{route} has keys of 1.1.0")


@rule("add-result-types", RESULT, "each key of the result has its type", each=True)
def _(t):
    _, result = t.added()
    kinds = {"interfaces": list, "ips": list, "routes": list, "dns": dict}
    for key, kind in kinds.items():
        t.that(isinstance(result.get(key, kind()), kind), f"'{key}' is {result.get(key)!r}")
    n = len(result.get("interfaces", ()))
    for interface in result.get("interfaces", ()):
        t.that(isinstance(interface.get("name"), str), f"{interface} has no name")
        for key in "mac", "sandbox", "socketPath", "pciID":
            t.that(isinstance(interface.get(key, ""), str), f"'{key}' of {interface} is no string")
    for address in result.get("ips", ()):
        t.that("/" in address["address"], f"{address} has no prefix length")
        ipaddress.ip_address(address.get("gateway", "::"))
        index = address.get("interface", 0)
        t.that(type(index) is int and 0 <= index < n,
               f"'interface' of {address} is no index below {n}")
    for route in result.get("routes", ()):
        ipaddress.ip_network(route["dst"])
        ipaddress.ip_address(route.get("gw", "::"))


@rule("add-interface", ADD,
      "the interface CNI_IFNAME is in CNI_NETNS, and in the result with its address", "interface")
def _(t):
    c, result = t.added()
    _, interface = t.pod_interface(c, result)
    links = c.links()
    t.that("eth0" in links, "there is no interface 'eth0' in the container")
    mac = links["eth0"]["address"]
    t.that(interface.get("mac", "").lower() == mac,
           f"'mac' is {interface.get('mac')!r}, not '{mac}'")


@rule("add-mtu", RESULT,
      "'mtu' is the interface's, where the result has it", "interface", since="1.1.0")
def _(t):
    c, result = t.added()
    _, interface = t.pod_interface(c, result)
    mtu = c.links()["eth0"]["mtu"]
    t.that(interface.get("mtu", mtu) == mtu, f"'mtu' is {interface.get('mtu')}, not {mtu}")


@rule("add-host-interfaces", RESULT, "interfaces without sandbox are on the host", "interface")
def _(t):
    _, result = t.added()
    links = host.links()
    for interface in result.get("interfaces", ()):
        name = interface["name"]
        t.that(interface.get("sandbox") or name in links,
               f"there is no interface '{name}' on the host")
        if not interface.get("sandbox") and interface.get("mac"):
            mac = links[name]["address"]
            t.that(interface["mac"].lower() == mac,
                   f"'mac' of '{name}' is {interface['mac']!r}, not '{mac}'")


@rule("add-addresses", RESULT,
      "the addresses of the result are those of the interface", "interface", needs="ipam")
def _(t):
    c, result = t.added()
    index, _ = t.pod_interface(c, result)
    t.that(result.get("ips"), "the result has no addresses")
    there = c.links()["eth0"]["addresses"]
    listed = {a["address"] for a in result["ips"] if a.get("interface") == index}
    t.that(there == listed, f"the interface has {sorted(there)}, the result {sorted(listed)}")


@rule("add-routes", RESULT,
      "the routes of the result are in the container", "interface", needs="ipam")
def _(t):
    c, result = t.added()
    there = {dst for dst, _ in host.routes(c.name)}
    for route in result.get("routes", ()):
        t.that(route["dst"] in there, f"there is no route to '{route['dst']}'")


@rule("add-up", ADD, "the interface is up", "interface")
def _(t):
    c, _ = t.added()
    t.that(c.links()["eth0"]["up"], "it is down")


@rule("add-name-taken", ADD,
      "if an interface of that name is in the container, ADD fails and leaves it alone",
      "interface")
def _(t):
    c = t.container()
    c.ip("link", "add", "far", "type", "veth", "peer", "name", "eth0")
    before = host.snapshot(), host.snapshot(c.name)
    t.failure(t.add(c))
    after = host.snapshot(), host.snapshot(c.name)
    left = sorted(after[0] - before[0]) + sorted(after[1] - before[1])
    t.that(not left, f"left: {', '.join(left)}")
    t.that(after[1] == before[1], "the interface that was there is not as it was")


@rule("add-twice", ADD,
      "a second ADD of one attachment fails, and leaves the first as it is", "interface")
def _(t):
    c, _ = t.added()
    before, on_host = host.snapshot(c.name), host.snapshot()
    t.failure(t.add(c))
    lost = sorted(before - host.snapshot(c.name)) + sorted(on_host - host.snapshot())
    t.that(not lost, f"lost: {', '.join(lost)}")


@rule("add-two-names", ADD,
      "a container can be added twice, by different interface names; DEL takes one",
      "interface", several=True)
def _(t):
    c, first = t.added()
    second = t.result(t.add(c, "net1"))
    t.pod_interface(c, second, "net1")
    t.success(t.delete(c, second, "net1"))
    t.that("net1" not in c.links(), "'net1' is there after its DEL")
    there = c.links().get("eth0", {}).get("addresses", set())
    listed = {a["address"] for a in first.get("ips", ())}
    t.that(there == listed, f"the other interface has {sorted(there)}, its result {sorted(listed)}")


@rule("add-concurrent", "Section 3 / Lifecycle & Ordering",
      "plugins work for several containers at the same time",
      several=True)
def _(t):
    count = 8
    containers = [t.container() for _ in range(count)]
    confs = [t.request(c) for c in containers]
    started = [t.plugin.start(t.env("ADD", c)) for c in containers]
    answers = [t.plugin.finish(p, "ADD", json.dumps(f).encode()) for p, f in zip(started, confs)]
    for c, conf, answer in zip(containers, confs, answers):
        if answer.status == 0:
            c.attached.append(("eth0", conf))
    seen = set()
    for answer in answers:
        own = {a["address"] for a in t.result(answer).get("ips", ())}
        t.that(t.prev or not own & seen, f"given twice: {sorted(own & seen)}")
        seen |= own


@rule("add-unknown-keys", "Section 1 / Configuration format",
      "keys that the plugin does not know do no harm")
def _(t):
    c = t.container()
    t.result(t.add(c, **{"x-unknown": {"a": [1, None]}, "cni.dev/unknown": 1,
                         "args": {"labels": [{"key": "a"}]}}))


@rule("add-unknown-capability", "Section 3 / Deriving runtimeConfig",
      "capabilities that it does not know do no harm")
def _(t):
    c = t.container()
    t.result(t.add(c, runtimeConfig={"x-unknown": {"a": 1}}))


@rule("add-unknown-args", "Section 2 / Parameters", "CNI_ARGS with IgnoreUnknown may have any keys")
def _(t):
    c = t.container()
    t.result(t.run("ADD", c, t.request(c), CNI_ARGS="IgnoreUnknown=1;FOO=BAR;ABC=123"))


@rule("add-netns-gone", ADD, "ADD fails for a network namespace that is not there")
def _(t):
    c = t.container()
    conf = t.request(c)
    t.failure(t.run("ADD", c, conf, CNI_NETNS="/run/netns/not-there"))


@rule("add-netns-gone-code", "Section 5 / Error",
      "... with code 3 (container unknown) or 4 (invalid variable)")
def _(t):
    c = t.container()
    conf = t.request(c)
    t.failure(t.run("ADD", c, conf, CNI_NETNS="/run/netns/not-there"), 3, 4)


@rule("add-ipam-fails", "Section 4 / Delegated plugin execution procedure",
      "if the IPAM plugin fails, ADD fails and leaves nothing", "interface", needs="ipam")
def _(t):
    c = t.container()
    before = host.snapshot(), host.snapshot(c.name)
    bad = {"type": t.conf["ipam"]["type"], "ranges": [[{"subnet": "not a subnet"}]]}
    t.failure(t.add(c, ipam=bad))
    left = sorted(host.snapshot() - before[0]) + sorted(host.snapshot(c.name) - before[1])
    t.that(not left, f"left: {', '.join(left)}")


# Notes what it is called with, beside itself.
FAILING_IPAM = """#!/bin/sh
cat >/dev/null
echo "$CNI_COMMAND" >>"$0.calls"
test "$CNI_COMMAND" != ADD && exit
echo '{"cniVersion": "%s", "code": 11, "msg": "no address"}'
exit 1
"""


@rule("add-ipam-fails-del", "Section 4 / Delegated plugin execution procedure",
      "if the IPAM plugin fails on ADD, it is executed again with DEL before ADD fails",
      "interface", needs="ipam")
def _(t):
    c = t.container()
    with host.program("failing-ipam", FAILING_IPAM % t.version) as path:
        folder = os.path.dirname(path)
        conf = t.request(c, ipam={"type": "failing-ipam"})
        t.failure(t.run("ADD", c, conf, CNI_PATH=f"{folder}:{t.plugin.bin_dir}"))
        calls = pathlib.Path(f"{path}.calls").read_text().split()
    t.that(calls == ["ADD", "DEL"], f"it was called with {calls}")


LEASE_WITH_DNS = """#!/bin/sh
cat >/dev/null
test "$CNI_COMMAND" = ADD || exit 0
echo '{"cniVersion": "%s",
 "ips": [{"version": "4", "address": "10.99.200.2/16", "gateway": "10.99.0.1"}],
"dns": {"domain": "of.the.lease"}}'
"""


@rule("add-dns-empty", "Section 4 / Delegated plugin execution procedure",
      "an empty 'dns' in the configuration leaves what the IPAM plugin's result says",
      "interface", needs="ipam")
def _(t):
    c = t.container()
    with host.program("dns-ipam", LEASE_WITH_DNS % t.version) as path:
        env = {"CNI_PATH": f"{os.path.dirname(path)}:{t.plugin.bin_dir}"}
        conf = t.request(c, ipam={"type": "dns-ipam"}, dns={})
        result = t.result(t.run("ADD", c, conf, **env))
        t.success(t.run("DEL", c, conf, **env))
    c.attached.clear()
    t.that(result.get("dns") == {"domain": "of.the.lease"}, f"'dns' is {result.get('dns')}")


@rule("add-ipam-missing", "Section 4 / Delegated Plugin protocol",
      "an IPAM plugin that is not in CNI_PATH is an error, and nothing is left",
      "interface", needs="ipam")
def _(t):
    c = t.container()
    before = host.snapshot(), host.snapshot(c.name)
    t.failure(t.add(c, ipam={"type": "no-such-plugin"}))
    left = sorted(host.snapshot() - before[0]) + sorted(host.snapshot(c.name) - before[1])
    t.that(not left, f"left: {', '.join(left)}")


@rule("add-failed-leaves-nothing", ADD,
      "an ADD that fails late (the route cannot be made) leaves nothing",
      "interface", needs="ipam")
def _(t):
    c = t.container()
    before = host.snapshot(), host.snapshot(c.name)
    bad = dict(t.conf["ipam"], routes=[{"dst": "192.0.2.0/24", "gw": "198.51.100.1"}])
    answer = t.add(c, ipam=bad)
    if answer.status == 0:  # it takes gateways that are not on the link
        return
    t.failure(answer)
    left = sorted(host.snapshot() - before[0]) + sorted(host.snapshot(c.name) - before[1])
    t.that(not left, f"left: {', '.join(left)}")


@rule("add-chained", RESULT,
      "prevResult is the result, with at most the plugin's own changes", "chained", each=True)
def _(t):
    c = t.container()
    prev = t.previous(c)
    result = t.result(t.add(c))
    want, got = results.canonical(prev), results.canonical(result)
    for key in "interfaces", "ips", "routes", "dns":
        t.that(got.get(key) == want.get(key),
               f"'{key}' of prevResult was {want.get(key)}, and is {got.get(key)}")


@rule("add-chained-first", ADD, "a chained plugin without prevResult fails", "chained")
def _(t):
    c = t.container()
    t.failure(t.run("ADD", c, t.conf), 6, 7)
