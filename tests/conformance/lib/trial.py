"""What a rule works with: one trial of one rule with one version of the specification."""
import copy
import ipaddress
import json

from . import host, results
from .rule import Broken

ERROR_KEYS = {"cniVersion", "code", "msg", "details"}
IFNAME = "eth0"


class Trial:
    def __init__(self, plugin, conf, prev, version):
        self.plugin, self.version = plugin, version
        self.conf = copy.deepcopy(conf)
        self.conf["cniVersion"] = version
        self.prev = prev  # chained: what the plugin before ours answered, in the form of 1.1.0
        self.containers = []

    # ---- judgement ----

    def that(self, condition, text):
        if not condition:
            raise Broken(text)

    def success(self, answer):
        self.that(answer.status == 0, f"{answer}; a success was expected")
        return answer.doc

    def result(self, answer):
        doc = self.success(answer)
        self.that(isinstance(doc, dict), f"{answer}; one JSON object was expected")
        return doc

    def failure(self, answer, *codes):
        """A failure with an error object, and one of the codes if some are given."""
        self.that(answer.status != 0, f"{answer}; a failure was expected")
        doc = answer.doc
        self.that(isinstance(answer.status, int) and answer.status > 0, f"{answer}; it was killed")
        self.that(isinstance(doc, dict), f"{answer}; one JSON object was expected")
        self.that(type(doc.get("code")) is int and doc["code"] > 0, f"{answer}; 'code' is no positive number")
        self.that(isinstance(doc.get("msg"), str) and doc["msg"], f"{answer}; 'msg' is no text")
        self.that(isinstance(doc.get("details", ""), str), f"{answer}; 'details' is no string")
        self.that(set(doc) <= ERROR_KEYS, f"{answer}; keys other than {sorted(ERROR_KEYS)}")
        wanted = " or ".join(map(str, codes))
        self.that(not codes or doc["code"] in codes, f"{answer}; code {wanted} was expected")
        return doc

    def either(self, answer, *codes):
        """For input that a plugin may take or refuse, as long as it does one of them in the right way."""
        return self.success(answer) if answer.status == 0 else self.failure(answer, *codes)

    # ---- the verbs ----

    def container(self, ifname=IFNAME):
        c = host.Container()
        self.containers.append(c)
        if self.prev:
            self.play_previous(c, ifname)
        return c

    def play_previous(self, c, ifname):
        """Makes the interface that the plugin before this one would have made."""
        host.command("ip", "link", "add", "far", "netns", c.name, "type", "veth", "peer", "name", ifname,
                     "netns", c.name)
        for name in "far", ifname:
            c.ip("link", "set", name, "up")
        for address in self.prev.get("ips", ()):
            c.ip("address", "add", address["address"], "dev", ifname, "nodad")

    def previous(self, c, ifname=IFNAME):
        """The previous result for this container, in the form of the trial's version."""
        prev = copy.deepcopy(self.prev)
        for interface in prev.get("interfaces", ()):
            if interface.get("sandbox"):
                interface.update(name=ifname, sandbox=c.netns, mac=c.links()[ifname]["address"])
        return results.downgrade(prev, self.version)

    def env(self, command, c, ifname=IFNAME, **more):
        env = self.plugin.environment(command, c, ifname)
        env.update(more)
        return env

    def run(self, command, c=None, conf=None, ifname=IFNAME, stdin=None, **more):
        """A verb with a configuration (or any bytes). more: CNI_ variables; None takes one away."""
        conf = self.conf if conf is None else conf
        answer = self.plugin.run(self.env(command, c, ifname, **more), conf if stdin is None else stdin)
        if command == "ADD" and answer.status == 0 and c and stdin is None:
            c.attached.append((ifname, conf))
        return answer

    def request(self, c=None, ifname=IFNAME, **more):
        """The configuration of an ADD, with prevResult if the plugin is chained."""
        prev = {"prevResult": self.previous(c, ifname)} if self.prev and c else {}
        return {**self.conf, **prev, **more}

    def add(self, c, ifname=IFNAME, **more):
        return self.run("ADD", c, self.request(c, ifname, **more), ifname)

    def added(self, ifname=IFNAME):
        """A container with one attachment; returns it and the result."""
        c = self.container(ifname)
        return c, self.result(self.add(c, ifname))

    def with_result(self, result):
        return dict(self.conf, prevResult=result)

    def delete(self, c, result=None, ifname=IFNAME, **more):
        conf = self.conf if result is None else self.with_result(result)
        return self.run("DEL", c, conf, ifname, **more)

    def check(self, c, result, ifname=IFNAME):
        return self.run("CHECK", c, self.with_result(result), ifname)

    def gc(self, *valid, **more):
        """valid: (container, interface name)"""
        entries = [{"containerID": c.id, "ifname": ifname} for c, ifname in valid]
        return self.run("GC", None, dict(self.conf, **{"cni.dev/valid-attachments": entries}, **more))

    # ---- looking ----

    def pod_interface(self, c, result, ifname=IFNAME):
        """Index and object of the container's interface in the result."""
        for i, interface in enumerate(result.get("interfaces") or ()):
            if interface.get("name") == ifname and interface.get("sandbox") == c.netns:
                return i, interface
        raise Broken(f"the result lists no interface '{ifname}' in '{c.netns}': {json.dumps(result)}")

    def finish(self, before):
        """Undoes what the trial did; returns what is left on the host."""
        for c in self.containers:
            for ifname, conf in c.attached:
                self.plugin.run(self.env("DEL", c, ifname), conf)
        # Only what goes with a container that a rule took away is waited for.
        left = host.snapshot() - before if all(c.alive for c in self.containers) else host.left_over(before)
        host.wipe(left)
        for c in self.containers:
            c.destroy()
        return sorted(left)


def same_address(a, b):
    return ipaddress.ip_interface(a) == ipaddress.ip_interface(b)
