# SPDX-License-Identifier: Apache-2.0
"""Measures for tests/bench/watch-latency: watch_latency.py KUBECONFIG AGENT_SOCKET ROUNDS

Each round changes the annotation smc-cni.io/steer of pod default/bench and notes, on one clock,
when it was sent, when the API server answered, when a watch of this program had the event, when the
agent's status has the decision, and when a new socket of the network namespace smc-bench is what
was asked for. Each watcher is a process of its own.
"""
import base64
import ctypes
import http.client
import json
import os
import random
import select
import socket
import ssl
import sys
import time

import yaml

IPPROTO_SMC = 256
ROUND_S = 30
POD = "/api/v1/namespaces/default/pods"
KEY = "smc-cni.io/steer"


class Server:
    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        cluster = config["clusters"][0]["cluster"]
        self.host = cluster["server"].removeprefix("https://")
        self.token = config["users"][0]["user"]["token"]
        self.tls = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())

    def request(self, connection, method, path, body=None, **headers):
        connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", **headers})
        answer = connection.getresponse()
        if answer.status != 200:
            sys.exit(f"{method} {path}: {answer.status} {answer.read()[:300]}")
        return answer

    def connect(self):
        connection = http.client.HTTPSConnection(self.host, context=self.tls)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def tell(value):
    """A line to the parent: when, and what is seen now."""
    os.write(1, f"{time.monotonic_ns()} {value}\n".encode())


def watch_events(server):
    """The peer: the same watch as the agent's, of this one pod."""
    answer = server.request(server.connect(), "GET",
                            f"{POD}?watch=1&fieldSelector=metadata.name%3Dbench",
                            Accept="application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
    for line in answer:
        tell(json.loads(line)["object"]["metadata"].get("annotations", {}).get(KEY, ""))


def watch_status(path):
    agent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    agent.connect(path)
    seen = None
    while True:
        agent.send(b'{"v": 1, "verb": "status"}')
        while "end" not in (message := json.loads(agent.recv(1 << 20))):
            if message.get("pod", {}).get("name") == "bench":
                steer = message["pod"]["policy"]["steer"]
        if steer != seen:
            tell(steer)
            seen = steer
        time.sleep(0.0003)


def watch_sockets():
    with open("/run/netns/smc-bench", encoding="utf-8") as netns:
        if ctypes.CDLL(None, use_errno=True).setns(netns.fileno(), 0) < 0:
            sys.exit("setns")
    seen = None
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            protocol = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
            steer = "enabled" if protocol == IPPROTO_SMC else "disabled"
        if steer != seen:
            tell(steer)
            seen = steer
        time.sleep(0.0003)


def child(function, *args):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 1)
        try:
            function(*args)
        finally:
            os._exit(1)
    os.close(writing)
    return pid, reading


def wait_for(files, value):
    """File -> when it first had the value."""
    times, deadline = {}, time.monotonic() + ROUND_S
    while len(times) < len(files):
        waiting = [f for f in files if f not in times]
        ready = select.select(waiting, [], [], max(0, deadline - time.monotonic()))[0]
        if not ready:
            silent = [n for f, n in files.items() if f not in times]
            sys.exit(f"no news of '{value}' within {ROUND_S} s from {silent}")
        for file in ready:
            for line in os.read(file, 65536).decode().splitlines():
                at, seen = line.split(" ", 1)
                if seen == value:
                    times.setdefault(file, int(at))
    return {files[f]: at for f, at in times.items()}


def line(what, values):
    values = sorted(v / 1e6 for v in values)
    median, most = values[len(values) // 2], values[len(values) * 9 // 10]
    print(f"{what:58} {median:7.1f} [{values[0]:.1f} - {most:.1f}]")


def main(kubeconfig, agent, rounds):
    server = Server(kubeconfig)
    children = {"event": child(watch_events, server), "decision": child(watch_status, agent)}
    if os.path.exists("/sys/fs/bpf/smc-bench/v1"):
        children["socket"] = child(watch_sockets)
    files = {reading: name for name, (_, reading) in children.items()}
    connection, seen = server.connect(), []
    time.sleep(1)
    for n in range(-2, rounds):  # two to warm up
        value = "enabled" if n % 2 else "disabled"
        sent = time.monotonic_ns()
        server.request(connection, "PATCH", f"{POD}/bench",
                       json.dumps({"metadata": {"annotations": {KEY: value}}}),
                       **{"Content-Type": "application/merge-patch+json"}).read()
        times = {"answer": time.monotonic_ns(), **wait_for(files, value)}
        if n >= 0:
            seen.append({name: at - sent for name, at in times.items()})
        time.sleep(random.uniform(0.05, 0.15))
    for pid, _ in children.values():
        os.kill(pid, 9)
    last = "socket" if "socket" in children else "decision"
    print(f"{f'milliseconds, {len(seen)} rounds':58}  median [least - 90th percentile]")
    line("PATCH sent to answered", [s["answer"] for s in seen])
    line("PATCH sent to the event at a plain watch (the peer)", [s["event"] for s in seen])
    line("PATCH sent to the agent's decision", [s["decision"] for s in seen])
    if last == "socket":
        line("PATCH sent to the first socket that follows", [s["socket"] for s in seen])
    line(f"PATCH answered to the {last}", [s[last] - s["answer"] for s in seen])
    line(f"the peer's event to the {last}: the agent's own part",
         [s[last] - s["event"] for s in seen])


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
