#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A runc bundle that gives the agent of deploy/base/daemonset.yaml what kubelet and containerd give
it, and no more.

agent_container.py BUNDLE CONFIG_DIR [--without RIGHT]... [ARG]...

RIGHT is a capability (BPF) or the path of a mount (/run/netns). CONFIG_DIR stands for the
ConfigMap; ARG replace the manifest's args. The agent is this tree's build/bin/smc-node-agent, with
this machine's libraries.
`agent_container.py --rights` lists the rights, one a line.
"""
import json
import os
import pathlib
import re
import sys

import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
POD = yaml.safe_load((TOP / "deploy/base/daemonset.yaml").read_text())["spec"]["template"]["spec"]
AGENT = POD["containers"][0]
SECURITY = AGENT["securityContext"]

# What containerd gives every container that is not privileged (its oci/spec.go and cri/server).
MASKED = ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
          "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
          "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
NO = ["nosuid", "noexec", "nodev"]
STANDARD = [("/proc", "proc", "proc", NO),
            ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=64k"]),
            ("/dev/pts", "devpts", "devpts",
             ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
            ("/dev/shm", "tmpfs", "shm", [*NO, "mode=1777", "size=64k"]),
            ("/dev/mqueue", "mqueue", "mqueue", NO), ("/sys", "sysfs", "sysfs", [*NO, "ro"]),
            ("/sys/fs/cgroup", "cgroup", "cgroup", [*NO, "relatime", "ro"])]
PROPAGATION = {"None": "rprivate", "HostToContainer": "rslave", "Bidirectional": "rshared"}


def bind(source, path, *options):
    return {"destination": str(path), "type": "bind", "source": str(source),
            "options": ["rbind", *options]}


def peers(path):
    """How mounts below the path propagate: "shared:N", "master:N", both or nothing."""
    fd = os.open(path, os.O_PATH)
    about = pathlib.Path(f"/proc/self/fdinfo/{fd}").read_text()
    mount = re.search(r"^mnt_id:\t(\d+)$", about, re.MULTILINE)[1]
    os.close(fd)
    lines = map(str.split, pathlib.Path("/proc/self/mountinfo").read_text().splitlines())
    fields = next(line for line in lines if line[0] == mount)
    return fields[6:fields.index("-")]


def propagation(mount, source):
    """As containerd does it, which refuses what could not come later (its cri/server)."""
    wanted = mount.get("mountPropagation", "None")
    assert wanted == "None" or peers(source), f"{source} is not on a shared or slave mount"
    return PROPAGATION[wanted]


def volume(name, config_dir):
    """The folder on the host, made as kubelet makes it."""
    source = next(v for v in POD["volumes"] if v["name"] == name)
    if "configMap" in source:
        return config_dir
    path = pathlib.Path(source["hostPath"]["path"])
    if source["hostPath"]["type"] == "DirectoryOrCreate":
        path.mkdir(parents=True, exist_ok=True)
    assert path.is_dir(), path
    return path


def mounts(config_dir, without):
    yield from ({"destination": d, "type": t, "source": s, "options": o} for d, t, s, o in STANDARD)
    yield bind("/usr", "/usr", "ro")
    yield bind(TOP / "build", TOP / "build", "ro")
    for m in sorted(AGENT["volumeMounts"], key=lambda m: m["mountPath"]):
        if m["mountPath"] not in without:
            source = volume(m["name"], config_dir)
            yield bind(source, m["mountPath"], "ro" if m.get("readOnly") else "rw",
                       propagation(m, source))


def here(args):
    """The image's programs are this tree's."""
    return [a.replace("/usr/libexec/smc-cni/", str(TOP / "build/bin") + "/") for a in args]


def config(config_dir, without, args):
    assert SECURITY["privileged"] is False and SECURITY["capabilities"]["drop"] == ["ALL"]
    assert POD["hostPID"] is True and POD["hostNetwork"] is True
    capabilities = [f"CAP_{c}" for c in SECURITY["capabilities"]["add"] if c not in without]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": SECURITY["runAsUser"], "gid": 0},
            "args": [str(TOP / "build/bin/smc-node-agent"), *(args or here(AGENT["args"]))],
            "env": ["PATH=/usr/sbin:/usr/bin", "NODE_NAME=test"],
            "cwd": "/",
            "capabilities": {s: capabilities for s in ("bounding", "effective", "permitted")},
            "noNewPrivileges": not SECURITY["allowPrivilegeEscalation"],
            "rlimits": [{"type": "RLIMIT_MEMLOCK", "hard": 65536, "soft": 65536}],
        },
        "root": {"path": "root", "readonly": SECURITY["readOnlyRootFilesystem"]},
        "mounts": list(mounts(config_dir, without)),
        "linux": {"namespaces": [{"type": t} for t in ("mount", "ipc", "cgroup")],
                  "maskedPaths": MASKED,
                  "readonlyPaths": READ_ONLY, "cgroupsPath": "/smc-node-agent",
                  "resources": {"devices": [{"allow": False, "access": "rwm"}]}},
    }


def rights():
    return SECURITY["capabilities"]["add"] + [m["mountPath"] for m in AGENT["volumeMounts"]]


def main(argv):
    if argv == ["--rights"]:
        print("\n".join(rights()))
        return
    bundle, config_dir, *rest = argv
    without = set()
    while rest[:1] == ["--without"]:
        assert rest[1] in rights(), f"the DaemonSet has no right '{rest[1]}'"
        without.add(rest[1])
        rest = rest[2:]
    root = pathlib.Path(bundle) / "root"
    for name in "bin", "sbin", "lib", "lib64":
        root.mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    (root / "var").mkdir(exist_ok=True)
    if not (root / "var/run").is_symlink():  # as in the image
        (root / "var/run").symlink_to("../run")
    (pathlib.Path(bundle) / "config.json").write_text(json.dumps(config(config_dir, without, rest),
                                                                 indent=1))


main(sys.argv[1:])
