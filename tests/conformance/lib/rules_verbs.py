# SPDX-License-Identifier: Apache-2.0
"""DEL, CHECK, GC, STATUS and VERSION."""
from . import host
from .rule import rule

DEL, CHECK, GC = "Section 2 / DEL", "Section 2 / CHECK", "Section 2 / GC"
STATUS, VERSION = "Section 2 / STATUS", "Section 2 / VERSION"

# ---- DEL ----


@rule("del", DEL, "DEL takes back what ADD made", each=True)
def _(t):
    before = host.snapshot()
    c = t.container()
    inside = host.snapshot(c.name)
    made = host.snapshot() - before
    result = t.result(t.add(c))
    t.success(t.delete(c, result))
    left = sorted(host.snapshot() - before - made) + sorted(host.snapshot(c.name) - inside)
    t.that(not left, f"left: {', '.join(left)}")


@rule("del-without-prev-result", DEL, "DEL works without prevResult")
def _(t):
    c, _ = t.added()
    t.success(t.delete(c))
    t.that(t.prev or "eth0" not in c.links(), "the interface is still there")


@rule("del-twice", DEL, "DEL succeeds as often as it is called")
def _(t):
    c, result = t.added()
    for _ in range(3):
        t.success(t.delete(c, result))


@rule("del-never-added", DEL, "DEL succeeds when there was no ADD")
def _(t):
    t.success(t.delete(t.container()))


@rule("del-unknown", DEL, "DEL succeeds for a container and a namespace that never were")
def _(t):
    c = t.container()
    c.destroy()
    t.success(t.delete(c))


@rule("del-without-netns", DEL,
      "CNI_NETNS is optional: DEL releases what is on the host without it")
def _(t):
    c, result = t.added()
    c.destroy()
    t.success(t.delete(c, result, CNI_NETNS=None))


@rule("del-empty-netns", DEL, "CNI_NETNS may be empty")
def _(t):
    c, result = t.added()
    c.destroy()
    t.success(t.delete(c, result, CNI_NETNS=""))


@rule("del-netns-gone", DEL, "DEL succeeds, and releases the rest, when the namespace is gone")
def _(t):
    c, result = t.added()
    c.destroy()
    t.success(t.delete(c, result))


@rule("del-interface-gone", DEL,
      "DEL succeeds, and releases the rest, when the interface is gone", "interface")
def _(t):
    c, result = t.added()
    t.take_link(c, "eth0")
    t.success(t.delete(c, result))


@rule("del-lease-gone", DEL,
      "DEL succeeds, and removes the interface, when the lease is gone", "interface", needs="ipam")
def _(t):
    before = host.snapshot()
    c, result = t.added()
    host.wipe(what for what in host.snapshot() - before if what.startswith(f"file {host.LEASES}/"))
    t.success(t.delete(c, result))
    t.that("eth0" not in c.links(), "the interface is still there")


@rule("del-after-refusal", DEL,
      "what is asked for one container and wrong does not stop the DEL of what it has failed")
def _(t):
    wrong = {"mac": "zz", "deviceID": "no such device", "bandwidth": "much"}
    asked_for = [{"runtimeConfig": {k: v}} for k, v in wrong.items()]
    for asked in asked_for + [{"args": {"cni": {"mac": "zz"}}}]:
        c = t.container()
        t.either(t.add(c, **asked))
        t.success(t.run("DEL", c, t.request(c, **asked)))


@rule("del-others-stay", DEL, "DEL takes nothing of other attachments", several=True)
def _(t):
    c, _ = t.added()
    before = host.snapshot(), host.snapshot(c.name)
    other, result = t.added()
    t.success(t.delete(other, result))
    lost = sorted(before[0] - host.snapshot()) + sorted(before[1] - host.snapshot(c.name))
    t.that(not lost, f"lost: {', '.join(lost)}")


# ---- CHECK ----


@rule("check", CHECK, "CHECK passes right after ADD, and changes nothing", verb="CHECK", each=True)
def _(t):
    c, result = t.added()
    before = host.snapshot(), host.snapshot(c.name)
    t.success(t.check(c, result))
    t.that(before == (host.snapshot(), host.snapshot(c.name)), "something is not as before")


@rule("check-interface", CHECK,
      "CHECK fails when the interface is gone", "interface", verb="CHECK", each=True)
def _(t):
    c, result = t.added()
    t.take_link(c, "eth0")
    t.failure(t.check(c, result))


@rule("check-address", CHECK,
      "CHECK fails when an address is gone", "interface", verb="CHECK", needs="ipam")
def _(t):
    c, result = t.added()
    c.ip("address", "del", result["ips"][0]["address"], "dev", "eth0")
    t.failure(t.check(c, result))


@rule("check-route", CHECK,
      "CHECK fails when a route is gone", "interface", verb="CHECK", needs="ipam")
def _(t):
    c, result = t.added()
    t.that(result.get("routes"),
           "the result has no routes to take away; add some to the configuration")
    c.ip("route", "del", result["routes"][0]["dst"])
    t.failure(t.check(c, result))


@rule("check-lease", CHECK,
      "CHECK asks the IPAM plugin: it fails when the lease is gone", "interface", verb="CHECK",
      needs="ipam")
def _(t):
    before = host.snapshot()
    c, result = t.added()
    host.wipe(what for what in host.snapshot() - before if what.startswith("file /var/lib"))
    t.failure(t.check(c, result))


@rule("check-down", CHECK, "CHECK fails when the interface is down", "interface", verb="CHECK")
def _(t):
    c, result = t.added()
    c.ip("link", "set", "eth0", "down")
    t.failure(t.check(c, result))


@rule("check-two-names", CHECK, "CHECK tells two interfaces of one container apart",
      "interface", verb="CHECK", several=True)
def _(t):
    c, first = t.added()
    second = t.result(t.add(c, "net1"))
    t.success(t.check(c, first))
    t.success(t.check(c, second, "net1"))
    t.take_link(c, "net1")
    t.success(t.check(c, first))
    t.failure(t.check(c, second, "net1"))


@rule("check-extra", CHECK,
      "CHECK passes when a later plugin added addresses and routes", verb="CHECK")
def _(t):
    c, result = t.added()
    c.ip("address", "add", f"203.0.113.{1 + c.number % 250}/24", "dev", "eth0")
    c.ip("route", "add", "198.51.100.0/24", "via", "203.0.113.254")
    t.success(t.check(c, result))


@rule("check-mtu", CHECK,
      "CHECK passes when a later plugin set another MTU", "interface", verb="CHECK", each=True)
def _(t):
    c, result = t.added()
    _, interface = t.pod_interface(c, result)
    mtu = c.links()["eth0"]["mtu"] - 100
    c.ip("link", "set", "eth0", "mtu", str(mtu))
    t.success(t.check(c, result))  # as tuning leaves it
    if "mtu" in interface:
        interface["mtu"] = mtu
        t.success(t.check(c, result))


@rule("check-other-interface", CHECK,
      "CHECK passes when a later plugin added an interface with an address", verb="CHECK")
def _(t):
    c, result = t.added()
    result.setdefault("interfaces", []).append({"name": "other0", "sandbox": c.netns})
    address = {"address": "203.0.113.77/24", "interface": len(result["interfaces"]) - 1}
    result.setdefault("ips", []).append(dict(address, version="4") if t.version < "1" else address)
    t.success(t.check(c, result))


@rule("check-moved-routes", CHECK,
      "CHECK passes when a later plugin moved the routes to another table", "interface",
      verb="CHECK")
def _(t):
    c, result = t.added()
    for family in "-4", "-6":
        for route in c.ip(family, "route", "show", "dev", "eth0", "proto", "static").splitlines():
            c.ip(family, "route", "del", *route.split(), "dev", "eth0")
            c.ip(family, "route", "add", *route.split(), "dev", "eth0", "table", "100")
    t.success(t.check(c, result))


@rule("check-without-prev-result", CHECK,
      "CHECK consults prevResult: without it, it fails", verb="CHECK")
def _(t):
    c, _ = t.added()
    t.failure(t.run("CHECK", c, t.conf))


@rule("check-before", "Version", "CHECK is refused with code 1 in versions that do not have it")
def _(t):
    c, result = t.added()
    conf = dict(t.with_result(result), cniVersion="0.3.1")
    conf["prevResult"] = dict(result, cniVersion="0.3.1")
    t.failure(t.run("CHECK", c, conf), 1)


# ---- GC ----


@rule("gc", GC,
      "GC removes what is left of attachments that are not listed, and nothing of the others",
      verb="GC", several=True)
def _(t):
    c, result = t.added()
    before = host.snapshot(), host.snapshot(c.name)
    gone, _ = t.added()
    gone.destroy()
    t.success(t.gc((c, "eth0")))
    left = sorted(host.left_over(before[0]))
    lost = sorted(before[0] - host.snapshot()) + sorted(before[1] - host.snapshot(c.name))
    t.that(not left, f"left: {', '.join(left)}")
    t.that(not lost, f"lost: {', '.join(lost)}")
    t.success(t.check(c, result))
    gone.attached.clear()


@rule("gc-living", GC,
      "GC removes a stale attachment whose container lives", "interface", verb="GC", several=True)
def _(t):
    c, _ = t.added()
    before = host.snapshot()
    stale, _ = t.added()
    t.success(t.gc((c, "eth0")))
    left = sorted(host.snapshot() - before)
    t.that(not left, f"left: {', '.join(left)}")
    stale.attached.clear()


@rule("gc-by-interface", GC,
      "GC tells the interfaces of one container apart", "interface", verb="GC", several=True)
def _(t):
    c, _ = t.added()
    before = host.snapshot()
    t.result(t.add(c, "net1"))
    t.success(t.gc((c, "eth0")))
    after = host.snapshot()
    t.that(after == before, f"left: {sorted(after - before)}, lost: {sorted(before - after)}")
    c.attached.pop()


@rule("gc-all", GC, "an empty list means that nothing is valid", verb="GC")
def _(t):
    gone, _ = t.added()
    gone.destroy()
    t.success(t.gc())
    gone.attached.clear()


@rule("gc-null", GC,
      "null, which libcni writes for an empty list, means that nothing is valid", "interface",
      verb="GC", several=True)
def _(t):
    c, _ = t.added()
    before = host.snapshot()
    stale, _ = t.added()
    t.success(t.run("GC", None, dict(t.conf, **{"cni.dev/valid-attachments": None})))
    left = sorted(host.snapshot() - before)
    t.that(not left, f"left: {', '.join(left)}")
    c.attached.clear()
    stale.attached.clear()


@rule("gc-other-network", GC,
      "GC of one network leaves the attachments of another alone", verb="GC")
def _(t):
    c, _ = t.added()
    before = host.snapshot(), host.snapshot(c.name)
    t.success(t.gc(name=t.conf["name"] + "-other"))
    lost = sorted(before[0] - host.snapshot()) + sorted(before[1] - host.snapshot(c.name))
    t.that(not lost, f"lost: {', '.join(lost)}")


@rule("gc-nothing", GC,
      "GC succeeds when there is nothing to do, as often as it is called", verb="GC")
def _(t):
    for _ in range(2):
        t.success(t.gc())


@rule("gc-list-type", "Section 5 / Error",
      "a list of valid attachments of the wrong type is refused (6 or 7)", verb="GC")
def _(t):
    for bad in "all", {"containerID": "a"}, [1], [{"containerID": 1, "ifname": "eth0"}]:
        t.failure(t.run("GC", None, dict(t.conf, **{"cni.dev/valid-attachments": bad})), 6, 7)


# ---- STATUS ----


@rule("status", STATUS, "STATUS succeeds when ADD works, without any container", verb="STATUS")
def _(t):
    t.success(t.run("STATUS"))


@rule("status-ipam", STATUS,
      "STATUS asks the IPAM plugin, and fails when that cannot serve", "interface", verb="STATUS",
      needs="ipam")
def _(t):
    t.failure(t.run("STATUS", None, dict(t.conf, ipam={"type": "no-such-plugin"})))


# ---- VERSION ----


@rule("version", VERSION, "VERSION lists the supported versions; only CNI_COMMAND is needed")
def _(t):
    answer = t.run("VERSION", None, {"cniVersion": t.version}, CNI_PATH=None)
    versions = t.result(answer).get("supportedVersions")
    t.that(isinstance(versions, list) and all(isinstance(v, str) for v in versions),
           f"'supportedVersions' is {versions!r}")


@rule("version-echo", "Section 5 / VERSION Success", "'cniVersion' is the one on stdin", each=True)
def _(t):
    version = t.result(t.run("VERSION", None, {"cniVersion": t.version})).get("cniVersion")
    t.that(version == t.version, f"'cniVersion' is {version!r}")


@rule("version-incompatible", "Section 5 / Error",
      "a version that the plugin does not support is refused with code 1")
def _(t):
    c = t.container()
    for command in "ADD", "DEL":
        t.failure(t.run(command, c, dict(t.request(c), cniVersion="99.0.0")), 1)


@rule("error-version", "Section 5 / Error", "an error has the cniVersion of the request", each=True)
def _(t):
    c = t.container()
    answer = t.run("ADD", c, t.request(c), CNI_NETNS="/run/netns/not-there")
    version = t.failure(answer).get("cniVersion")
    t.that(version == t.version, f"{answer}; 'cniVersion' is {version!r}")


@rule("error-version-conf", "Section 5 / Error",
      "... an error about the configuration, too", each=True)
def _(t):
    c = t.container()
    for wrong in {"name": ""}, {"name": 7}:
        answer = t.run("ADD", c, t.request(c, **wrong))
        version = t.failure(answer).get("cniVersion")
        t.that(version == t.version, f"{answer}; 'cniVersion' is {version!r}")
