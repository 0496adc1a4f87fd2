# SPDX-License-Identifier: Apache-2.0
"""The machine that the plugin sees: network namespaces of the runner's own, and what is in them.

The runner is in a network and mount namespace of its own (see `run`), which plays the host: /run
and /var/lib are empty file systems. A container is a network namespace with a name in /run/netns.
"""
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

from . import netlink

MS_BIND, MNT_DETACH = 4096, 2  # linux/mount.h
CLEANUP_S = 10
LEASES = "/var/lib"  # where IPAM plugins keep what they give
# Where plugins keep what they know, for as long as the machine is up or for longer.
STATE = ("/run", LEASES)


def command(*argv):
    run = subprocess.run(argv, capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {run.stderr.strip()}")
    return run.stdout


def ip(netns, *argv):
    """Output of `ip`, in the container of that name or (None) on the host."""
    return command("ip", *(["-n", netns] if netns else []), *argv)


def looked(netns, look):
    with netlink.open_socket(netns and f"/run/netns/{netns}") as sock:
        return look(sock)


def links(netns=None):
    """Name -> link, with its 'address' (MAC), 'mtu', 'up' and 'addresses'."""
    return {link["ifname"]: link for link in looked(netns, netlink.links).values()}


def routes(netns=None):
    """(destination, gateway) of each that was made; a default is 0.0.0.0/0 or ::/0."""
    return looked(netns, netlink.routes)


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
    there, ways = looked(netns, lambda sock: (netlink.links(sock), netlink.routes(sock)))
    for link in there.values():
        found.add(f"link {link['ifname']}")
        found.update(f"address {a} on {link['ifname']}" for a in link["addresses"])
    found.update(f"route {dst} {gw}".rstrip() for dst, gw in ways)
    if netns is None:
        found.update(f"file {path}" for path in files())
    return found


def left_over(before):
    """What is on the host and was not before. What goes with a namespace that is gone (a pair's
    other end) may take its time."""
    deadline = time.monotonic() + CLEANUP_S
    while True:
        found = snapshot() - before
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


@contextlib.contextmanager
def program(name, script):
    """One in a folder of its own, for a CNI_PATH; gives its path."""
    with tempfile.TemporaryDirectory(dir=STATE[0]) as folder:
        path = pathlib.Path(folder, name)
        path.write_text(script)
        path.chmod(0o755)
        yield str(path)


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
        self.number = Container.number
        self.name = f"pod{self.number}"
        self.id = f"container-{self.number}"
        self.netns = f"/run/netns/{self.name}"
        self.attached = []  # (interface, configuration) of each ADD
        self.alive = True
        open(self.netns, "x").close()
        with netlink.inside(None):
            # Nobody else is on the wire, and some plugins wait for what it would say: 1 to 2 s for
            # each address.
            pathlib.Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
            netlink.call("mount", b"/proc/self/ns/net", self.netns.encode(), b"", MS_BIND, None)

    def links(self):
        return links(self.name)

    def ip(self, *argv):
        return ip(self.name, *argv)

    def destroy(self):
        if self.alive:
            self.alive = False
            netlink.call("umount2", self.netns.encode(), MNT_DETACH)
            os.unlink(self.netns)
