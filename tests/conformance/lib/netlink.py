# SPDX-License-Identifier: Apache-2.0
"""Links, addresses and routes of a network namespace, as the kernel lists them; and how to get
into one.

Without `ip`: the runner looks at both sides several times for each rule, and a process a look would
take most of its time. The runner has one thread, so its namespace is the process's.
"""
import ctypes
import errno
import ipaddress
import os
import socket
import struct
from contextlib import contextmanager

# linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, sched.h
NETLINK_ROUTE = 0
REQUEST_DUMP = 0x1 | 0x300
DUMP_INTR = 0x10
MSG_ERROR, MSG_DONE = 2, 3
GETLINK, GETADDR, GETROUTE = 18, 22, 26
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU = 1, 3, 4
IFA_ADDRESS, IFA_LOCAL = 1, 2
RTA_DST, RTA_GATEWAY, RTA_TABLE = 1, 5, 15
TABLE_LOCAL, SCOPE_LINK, TYPE_MULTICAST, CLONED = 255, 253, 5, 0x200
IFF_UP = 0x1
CLONE_NEWNET = 0x40000000
LENGTH = {socket.AF_INET: 4, socket.AF_INET6: 16}

LIBC = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if getattr(LIBC, function)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")


@contextmanager
def inside(path):
    """In the network namespace of that path; with None in a new one."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if path is None:
            call("unshare", CLONE_NEWNET)
        else:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                call("setns", fd, CLONE_NEWNET)
            finally:
                os.close(fd)
        yield
    finally:
        call("setns", home, CLONE_NEWNET)
        os.close(home)


def attributes(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("HH", data, at)
        if length < 4:
            break
        found[kind & 0x3fff] = data[at + 4:at + length]
        at += length + 3 & ~3
    return found


def messages(sock, kind, head):
    """(bytes of the head, attributes) of each; the head is cut off at its size."""
    sock.send(struct.pack("IHHII", 16 + len(head), kind, REQUEST_DUMP, 1, 0) + head)
    found = []
    interrupted = False
    while True:
        data, at = sock.recv(1 << 18), 0
        while at + 16 <= len(data):
            length, what, flags = struct.unpack_from("IHH", data, at)
            interrupted |= bool(flags & DUMP_INTR)
            if what == MSG_DONE:
                return None if interrupted else found
            if what == MSG_ERROR:
                code = -struct.unpack_from("i", data, at + 16)[0]
                raise OSError(code, f"netlink dump: {os.strerror(code)}")
            found.append((data[at + 16:at + 16 + len(head)],
                          attributes(data[at + 16 + len(head):at + length])))
            at += length + 3 & ~3


def dump(sock, kind, head):
    """Again, if something changed in between."""
    for _ in range(100):
        found = messages(sock, kind, head)
        if found is not None:
            return found
    raise OSError(errno.EINTR, "netlink dump: the namespace does not come to rest")


def links(sock):
    """Index -> link; its addresses are 'ADDRESS/LENGTH', all but the link-local ones, which come by
    themselves."""
    found = {}
    for head, attr in dump(sock, GETLINK, bytes(16)):
        _, _, index, flags, _ = struct.unpack("BxHiII", head)
        found[index] = {"ifname": attr[IFLA_IFNAME].rstrip(b"\0").decode(),
                        "up": bool(flags & IFF_UP), "addresses": set(),
                        "address": attr.get(IFLA_ADDRESS, b"").hex(":"),
                        "mtu": struct.unpack("I", attr[IFLA_MTU])[0]}
    for head, attr in dump(sock, GETADDR, bytes(8)):
        family, length, _, scope, index = struct.unpack("BBBBI", head)
        local = attr.get(IFA_LOCAL, attr.get(IFA_ADDRESS))
        if family in LENGTH and local and scope != SCOPE_LINK and index in found:
            found[index]["addresses"].add(f"{ipaddress.ip_address(local)}/{length}")
    return found


def routes(sock):
    """(destination, gateway) of all but link-local, multicast and the kernel's local ones; '' is no
    gateway."""
    found = set()
    for head, attr in dump(sock, GETROUTE, bytes(12)):
        family, length, _, _, table, _, _, kind, flags = struct.unpack("BBBBBBBBI", head)
        table = struct.unpack("I", attr[RTA_TABLE])[0] if RTA_TABLE in attr else table
        if family not in LENGTH or table == TABLE_LOCAL or kind == TYPE_MULTICAST or flags & CLONED:
            continue
        dst = ipaddress.ip_network((attr.get(RTA_DST, bytes(LENGTH[family])), length))
        if family == socket.AF_INET6 and length and (dst.is_link_local or dst.is_multicast):
            continue
        gateway = attr.get(RTA_GATEWAY)
        found.add((str(dst), str(ipaddress.ip_address(gateway)) if gateway else ""))
    return found


def open_socket(path):
    """A socket that stays in the network namespace of that path, or (None) in the runner's."""
    def fresh():
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                             NETLINK_ROUTE)
        sock.bind((0, 0))
        return sock
    if path is None:
        return fresh()
    with inside(path):
        return fresh()
