# SPDX-License-Identifier: Apache-2.0
"""What a rule works with: one trial of one rule with one version of the specification."""
import copy
import json
import shlex

from . import host, results
from .rule import Broken

ERROR_KEYS = {"cniVersion", "code", "msg", "details"}
IFNAME = "eth0"


class Given:
    """What all trials of a run have in common."""

    def __init__(self, conf, prev, link, setup):
        self.conf = conf
        self.prev = prev  # chained: what the plugin before ours answered, in the form of 1.1.0
        # How that one's interface is made; None: a veth pair.
        self.link = shlex.split(link) if link else None
        self.setup = setup  # shell commands


class Trial:
    def __init__(self, plugin, given, version):
        self.plugin, self.version = plugin, version
        self.conf = copy.deepcopy(given.conf)
        self.conf["cniVersion"] = version
        self.prev, self.link = given.prev, given.link
        self.containers = []
        self.took_away = False  # the rule itself took something that the plugin has made or moved

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
        self.that(type(doc.get("code")) is int and doc["code"] > 0,
                  f"{answer}; 'code' is no positive number")
        self.that(isinstance(doc.get("msg"), str) and doc["msg"], f"{answer}; 'msg' is no text")
        self.that(isinstance(doc.get("details", ""), str), f"{answer}; 'details' is no string")
        self.that(set(doc) <= ERROR_KEYS, f"{answer}; keys other than {sorted(ERROR_KEYS)}")
        wanted = " or ".join(map(str, codes))
        self.that(not codes or doc["code"] in codes, f"{answer}; code {wanted} was expected")
        return doc

    def either(self, answer, *codes):
        """For input that a plugin may take or refuse, if it does one of them in the right way."""
        return self.success(answer) if answer.status == 0 else self.failure(answer, *codes)

    # ---- the verbs ----

    def container(self, ifname=IFNAME):
        c = host.Container()
        self.containers.append(c)
        if self.prev:
            self.play_previous(c, ifname)
        return c

    def play_previous(self, c, ifname):
        """Makes the interfaces that the plugin before this one would have made: each of the result
        with a sandbox, or one."""
        for name in [ifname] + self.sandboxed()[1:]:
            if self.link:
                host.command("ip", "link", "add", "name", name, "netns", c.name, *self.link)
            else:
                c.ip("link", "add", name, "type", "veth", "peer", "name", f"{name}.far")
                c.ip("link", "set", f"{name}.far", "up")
            c.ip("link", "set", name, "up")
        # Those of an ipvlan must not be in use on its master, as they are by a container that is
        # just going.
        for address in self.prev.get("ips", ()) if not self.link else ():
            c.ip("address", "add", address["address"], "dev", ifname, "nodad")

    def sandboxed(self):
        return [i["name"] for i in self.prev.get("interfaces", ()) if i.get("sandbox")]

    def previous(self, c, ifname=IFNAME):
        """The previous result for this container, in the form of the trial's version."""
        prev = copy.deepcopy(self.prev)
        names = dict.fromkeys(self.sandboxed()[:1], ifname)  # the first one is CNI_IFNAME
        for interface in prev.get("interfaces", ()):
            if interface.get("sandbox"):
                name = names.get(interface["name"], interface["name"])
                interface.update(name=name, sandbox=c.netns, mac=c.links()[name]["address"])
        return results.downgrade(prev, self.version)

    def env(self, command, c, ifname=IFNAME, **more):
        env = self.plugin.environment(command, c, ifname)
        env.update(more)
        return env

    def run(self, command, c=None, conf=None, ifname=IFNAME, stdin=None, **more):
        """A verb with a configuration (or any bytes). more: CNI_ variables; None takes one away."""
        conf = self.conf if conf is None else conf
        answer = self.plugin.run(self.env(command, c, ifname, **more),
                                 conf if stdin is None else stdin)
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
        conf = dict(self.conf, **{"cni.dev/valid-attachments": entries}, **more)
        return self.run("GC", None, conf)

    # ---- looking, and taking away ----

    def take_link(self, c, ifname):
        self.took_away = True
        c.ip("link", "del", ifname)

    def pod_interface(self, c, result, ifname=IFNAME):
        """Index and object of the container's interface in the result."""
        for i, interface in enumerate(result.get("interfaces") or ()):
            if interface.get("name") == ifname and interface.get("sandbox") == c.netns:
                return i, interface
        raise Broken(f"the result lists no interface '{ifname}' in '{c.netns}': "
                     f"{json.dumps(result)}")

    def finish(self, before):
        """Undoes what the trial did; returns what is left on the host, and what was there and is
        not."""
        for c in self.containers:
            for ifname, conf in c.attached:
                self.plugin.run(self.env("DEL", c, ifname), conf)
        # Only what goes with a container that a rule took away is waited for.
        died = not all(c.alive for c in self.containers)
        self.took_away |= died
        left = host.left_over(before) if died else host.snapshot() - before
        lost = before - host.snapshot()
        host.wipe(left)
        for c in self.containers:
            c.destroy()
        return sorted(left), sorted(lost)
