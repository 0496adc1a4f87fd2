# SPDX-License-Identifier: Apache-2.0
"""What an agent costs that has many pods, and how long an ADD takes beside it: see tests/bench/scale."""
import array
import ctypes
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

BIN, WORK = sys.argv[1], sys.argv[2]
PODS = [int(n) for n in sys.argv[3].split(",")]
ADDS, SECONDS, BURST = int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
PORT = 19810
CLONE_NEWNET, MS_BIND, MNT_DETACH = 0x40000000, 4096, 2
libc = ctypes.CDLL(None, use_errno=True)


def netns_new(name):
    """A network namespace that is mounted at /run/netns, with no process in it, as containerd makes them."""
    path = "/run/netns/" + name
    open(path, "w").close()
    pid = os.fork()
    if pid == 0:
        ok = (libc.unshare(CLONE_NEWNET) == 0 and
              libc.mount(b"/proc/self/ns/net", path.encode(), b"none", MS_BIND, None) == 0)
        os._exit(0 if ok else 1)
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit("cannot make network namespace " + name)
    return path


class Agent:
    def __init__(self, name, more=""):
        self.dir = f"{WORK}/{name}"
        os.makedirs(self.dir + "/manifests")
        self.socket = self.dir + "/run/agent.sock"
        self.config = self.dir + "/agent.yaml"
        with open(self.config, "w") as f:
            f.write(f"nodeName: bench\npodSource: {{folder: {self.dir}/manifests}}\nsocket: {self.socket}\n"
                    f"stateDir: {self.dir}/state\nbpffsDir: {os.environ.get('AGENT_BPFFS', self.dir + '/bpf')}\n"
                    f"metrics: 127.0.0.1:{PORT}\n{more}")
        self.log = open(self.dir + "/log", "w")
        self.process = subprocess.Popen([BIN + "/smc-node-agent", "--config", self.config], stderr=self.log)
        end = time.monotonic() + 60
        while True:
            try:
                self.get("/readyz")
                return
            except OSError:
                if time.monotonic() > end:
                    raise SystemExit("the agent does not start: see " + self.dir + "/log")
                time.sleep(0.05)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        subprocess.run([BIN + "/smc-node-agent", "--cleanup", "--config", self.config], check=True, stderr=self.log)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=60) as r:
            return r.read()

    def ask(self, s, msg, fd=-1):
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd >= 0 else []
        s.sendmsg([json.dumps(dict(msg, v=1)).encode()], ancillary)
        reply = json.loads(s.recv(1 << 18))
        if not reply.get("ok"):
            raise SystemExit(f"the agent refuses {msg['verb']}: {reply}")
        return reply

    def add(self, cid, netns, ns="default"):
        """What a plugin asks in an ADD of a pod that wants SMC; returns how long it took, in ms."""
        fd = os.open(netns, os.O_RDONLY)
        begun = time.monotonic()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(self.socket)
            self.ask(s, {"verb": "prepare", "timeoutMs": 60000, "annotations": {"smc-cni.io/steer": "enabled"},
                         "attachment": {"network": "net", "containerID": cid, "ifname": "eth0"},
                         "pod": {"namespace": ns, "name": cid},
                         "interfaces": [{"name": "eth0", "mac": "", "ips": ["10.9.0.2/24"]}]}, fd)
            self.ask(s, {"verb": "commit", "undo": {}, "timeoutMs": 60000})
        took = time.monotonic() - begun
        os.close(fd)
        return took * 1000

    def delete(self, cid):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(self.socket)
            self.ask(s, {"verb": "del", "attachment": {"network": "net", "containerID": cid, "ifname": "eth0"}})

    def rss_mb(self, peak=False):
        what = "VmHWM:" if peak else "VmRSS:"
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(what)) / 1024

    def cpu_s(self):
        """To a nanosecond: of all its threads, the kernel's part too."""
        total = 0
        for tid in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{tid}/schedstat") as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def share_of_a_core(self, seconds):
        cpu, begun = self.cpu_s(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self.cpu_s() - cpu) / (time.monotonic() - begun)


def spread(values):
    v = sorted(values)
    at = lambda share: v[min(len(v) - 1, int(share * len(v)))]
    return f"median {statistics.median(v):.2f}, p10 {at(.1):.2f}, p90 {at(.9):.2f}, p99 {at(.99):.2f}, max {v[-1]:.2f}"


def say(what, value, goal=""):
    print(f"  {what:<44} {value}{'   (goal: ' + goal + ')' if goal else ''}", flush=True)


def some_adds(agent, spare):
    times = []
    for i in range(ADDS):
        times.append(agent.add(f"x{i}", spare[i % len(spare)]))
        agent.delete(f"x{i}")
        time.sleep(0.02)
    return times


class Scrapes(threading.Thread):
    """A scrape each `pause` seconds until the end."""

    def __init__(self, agent, pause):
        super().__init__(daemon=True)
        self.agent, self.pause, self.times, self.stop = agent, pause, [], False
        self.start()

    def run(self):
        while not self.stop:
            begun = time.monotonic()
            self.agent.get("/metrics")
            self.times.append((time.monotonic() - begun) * 1000)
            time.sleep(max(0, self.pause - (time.monotonic() - begun)))

    def end(self):
        self.stop = True
        self.join()
        return self.times


def with_pods(agent, n, have, spare):
    adds = [agent.add(f"c{i:063d}", netns_new(f"cni-{i:05d}-{os.getpid()}"), f"ns{i % 100}") for i in range(have, n)]
    print(f"{n} pods that ask for SMC")
    say("ADD of the last 200, ms", spread(adds[-200:]))
    time.sleep(2)
    say("idle CPU, % of a core, each of 3 periods",
        ", ".join(f"{agent.share_of_a_core(SECONDS):.2f}" for _ in range(3)),
        "0.5 at 1000, 2 at 4000")
    quiet = some_adds(agent, spare)
    say("ADD, nobody scrapes, ms", spread(quiet))
    scrapes = Scrapes(agent, 0.1)
    beside = some_adds(agent, spare)
    say("ADD beside 10 scrapes a second, ms", spread(beside))
    p99 = sorted(beside)[int(.99 * len(beside))]
    say("  its p99 by the median", f"{p99 / statistics.median(beside):.1f}", "3")
    say("scrape, ms", spread(scrapes.end()))
    flood = [Scrapes(agent, 0) for _ in range(4)]
    say("ADD beside 4 who scrape in a loop, ms", spread(some_adds(agent, spare)))
    for f in flood:
        f.end()
    say("page of /metrics, kB", f"{len(agent.get('/metrics')) / 1000:.0f}")
    say("RSS, MB (peak)", f"{agent.rss_mb():.1f} ({agent.rss_mb(True):.1f})", "24 at 1000")


def namespaces(dir, first, last, value):
    text = "---\n".join("apiVersion: v1\nkind: Namespace\nmetadata: {name: ns%d, annotations: {smc-cni.io/steer: %s}}\n"
                        % (i, value) for i in range(first, last))
    with open(dir + "/manifests/.new", "w") as f:
        f.write(text)
    os.rename(dir + "/manifests/.new", f"{dir}/manifests/{first:05d}.yaml")


def burst(agent):
    """A fifth of all namespaces changes at once; meanwhile somebody asks for /healthz."""
    step = 500
    for first in range(0, BURST, step):
        namespaces(agent.dir, first, first + step, "enabled")
    time.sleep(5)
    waits, end = [], time.monotonic() + 10
    for first in range(0, BURST // 5, step):
        namespaces(agent.dir, first, first + step, "disabled")
    while time.monotonic() < end:
        begun = time.monotonic()
        agent.get("/healthz")
        waits.append((time.monotonic() - begun) * 1000)
        time.sleep(0.01)
    print(f"{BURST} namespaces, of which {BURST // 5} change at once")
    say("/healthz meanwhile, ms", spread(waits), "max 100")
    say("RSS, MB (peak)", f"{agent.rss_mb():.1f} ({agent.rss_mb(True):.1f})", "64 with 1000 pods")


def main():
    spare = [netns_new(f"spare-{i}-{os.getpid()}") for i in range(20)]
    have = 0
    agent = Agent("many")
    for n in PODS:
        with_pods(agent, n, have, spare)
        if BURST and n == PODS[0]:
            burst(agent)
        have = n
    agent.end()


main()
