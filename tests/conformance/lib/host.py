"""The machine that the plugin sees: network namespaces of the runner's own, and what is in them.

The runner is in a network and mount namespace of its own (see `run`), which plays the host: /run and /var/lib
are empty file systems. A container is a network namespace with a name in /run/netns.
"""
import json
import os
import pathlib
import subprocess

STATE = ("/run", "/var/lib")  # where plugins keep leases and the like


def command(*argv):
    run = subprocess.run(argv, capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {run.stderr.strip()}")
    return run.stdout


def ip(netns, *argv):
    """Output of `ip`, in the container of that name or (None) on the host."""
    return command("ip", *(["-n", netns] if netns else []), *argv)


def links(netns=None):
    """Name -> link, with its addresses in 'addr_info'."""
    text = ip(netns, "-details", "-json", "address", "show")
    return {link["ifname"]: link for link in json.loads(text or "[]") if link.get("ifname")}


def addresses(link):
    """'ADDRESS/LENGTH' of all but the link-local ones, which come by themselves."""
    return {f"{a['local']}/{a['prefixlen']}" for a in link.get("addr_info", ())
            if "local" in a and a.get("scope") != "link"}


def routes(netns=None):
    """(destination, gateway) of all but link-local, multicast and the kernel's local ones; a default is 0.0.0.0/0 or ::/0."""
    found = set()
    for family, default, length in (("-4", "0.0.0.0/0", 32), ("-6", "::/0", 128)):
        for r in json.loads(ip(netns, "-json", family, "route", "show", "table", "all") or "[]"):
            dst = r["dst"]
            if r.get("table") == "local" or r.get("type") == "multicast" or dst.startswith(("fe80:", "ff00:")):
                continue
            dst = default if dst == "default" else dst if "/" in dst else f"{dst}/{length}"
            found.add((dst, r.get("gateway", "")))
    return found


def files():
    found = set()
    for top in STATE:
        for folder, _, names in os.walk(top):
            if not folder.startswith("/run/netns"):
                found.update(os.path.join(folder, name) for name in names)
    return found


def snapshot(netns=None):
    """What must be the same before and after: links, addresses, routes, and on the host files."""
    found = set()
    for name, link in links(netns).items():
        found.add(f"link {name}")
        found.update(f"address {a} on {name}" for a in addresses(link))
    found.update(f"route {dst} {gw}".rstrip() for dst, gw in routes(netns))
    if netns is None:
        found.update(f"file {path}" for path in files())
    return found


def wipe(left):
    """Takes away what a rule left, so that the next one is judged for itself."""
    for what in left:
        kind, name = what.split()[:2]
        if kind == "link":
            subprocess.run(["ip", "link", "del", name], capture_output=True)
        elif kind == "file":
            pathlib.Path(name).unlink(missing_ok=True)


class Container:
    number = 0

    def __init__(self):
        Container.number += 1
        self.name = f"pod{Container.number}"
        self.id = f"container-{Container.number}"
        self.netns = f"/run/netns/{self.name}"
        self.attached = []  # (interface, configuration) of each ADD
        self.alive = True
        command("ip", "netns", "add", self.name)

    def links(self):
        return links(self.name)

    def ip(self, *argv):
        return ip(self.name, *argv)

    def destroy(self):
        if self.alive:
            self.alive = False
            command("ip", "netns", "del", self.name)
