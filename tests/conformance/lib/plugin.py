# SPDX-License-Identifier: Apache-2.0
"""One run of a plugin, as a runtime makes it: variables and stdin in, one JSON document out."""
import json
import os
import subprocess

VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
SINCE = {"ADD": "0.3.0", "DEL": "0.3.0", "CHECK": "0.4.0", "GC": "1.1.0", "STATUS": "1.1.0",
         "VERSION": "0.3.0"}
TIMEOUT_S = 60


def at_least(version, since):
    return VERSIONS.index(version) >= VERSIONS.index(since)


class Answer:
    """What came back. `doc` is the only JSON document on stdout, None when there is no or more than
    one."""

    def __init__(self, what, status, stdout, stderr):
        self.what, self.status, self.stdout, self.stderr = what, status, stdout, stderr
        try:
            self.doc = json.loads(stdout)
        except ValueError:
            self.doc = None

    def error_text(self):
        doc = self.doc if isinstance(self.doc, dict) else {}
        return f"{doc.get('msg', '')} {doc.get('details', '')}"

    def __str__(self):
        out = " ".join(self.stdout.decode(errors="replace").split())
        return f"{self.what} ended with {self.status} and printed '{out[:400]}'"


class Plugin:
    def __init__(self, program, bin_dir):
        self.program, self.bin_dir = program, bin_dir

    def environment(self, command, container=None, ifname=None):
        """What the specification wants set for the command."""
        env = {"CNI_COMMAND": command, "CNI_PATH": self.bin_dir}
        if container:
            env.update(CNI_CONTAINERID=container.id, CNI_NETNS=container.netns, CNI_IFNAME=ifname)
        return env

    def start(self, env):
        """env: a value of None takes the variable away."""
        full = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")}
        full.update({k: v for k, v in env.items() if v is not None})
        return subprocess.Popen([self.program], env=full, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process, what, stdin):
        try:
            out, err = process.communicate(stdin, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Answer(what, f"no end within {TIMEOUT_S} s", b"", b"")
        return Answer(what, process.returncode, out, err)

    def run(self, env, stdin):
        """stdin: bytes, or what is to be written as JSON."""
        if not isinstance(stdin, bytes):
            stdin = json.dumps(stdin).encode()
        return self.finish(self.start(env), env.get("CNI_COMMAND") or "a run without CNI_COMMAND",
                           stdin)
