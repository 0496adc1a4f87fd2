# SPDX-License-Identifier: Apache-2.0
"""Bad input: variables and configuration. A plugin answers with an error object, makes nothing."""
import json
import os

from . import host
from .rule import rule

PARAMETERS, FORMAT = "Section 2 / Parameters", "Section 1 / Configuration format"
ERROR = "Section 5 / Error"

# ---- variables ----

REQUIRED = {"ADD": ("CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"),
            "DEL": ("CNI_CONTAINERID", "CNI_IFNAME"),
            "CHECK": ("CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"), "GC": ("CNI_PATH",)}


def prepared(t, command):
    """A container, and a configuration for the command."""
    if command == "GC":
        return None, dict(t.conf, **{"cni.dev/valid-attachments": []})
    if command == "CHECK":
        c, result = t.added()
        return c, t.with_result(result)
    c = t.container()
    return c, t.request(c)


def refused(t, command, name, value, codes=(4,), names_it=False):
    """The variable has this value (None: it is missing)."""
    c, conf = prepared(t, command)
    before = host.snapshot(), c and host.snapshot(c.name)
    answer = t.run(command, c, conf, **{name: value})
    t.failure(answer, *codes)
    t.that(before == (host.snapshot(), c and host.snapshot(c.name)),
           f"{answer}, and something changed")
    t.that(not names_it or name in answer.error_text(), f"{answer}; the text does not name {name}")


def required(command, name):
    since = {"verb": command}
    text = f"{command} without {name} is refused with code 4, and the text names it"
    short = name[4:].lower()

    @rule(f"env-{command.lower()}-{short}", f"Section 2 / {command}", text, **since)
    def _(t):
        refused(t, command, name, None, names_it=True)

    @rule(f"env-{command.lower()}-{short}-empty", f"Section 2 / {command}",
          f"... and so is an empty {name}", **since)
    def _(t):
        refused(t, command, name, "", names_it=True)


for _command, _names in REQUIRED.items():
    for _name in _names:
        required(_command, _name)

BAD_IDS = {"slash": "../../evil", "dots": "..", "newline": "a\nb", "blank": "a b", "dash": "-rf",
           "semicolon": "a;b", "unicode": "p\u00f6d"}
BAD_IFNAMES = {"slash": "a/b", "dots": "..", "dot": ".", "newline": "a\nb", "blank": "a b",
               "colon": "a:b", "long": "a" * 16}


def bad_value(name, values, what):
    for kind, value in values.items():
        @rule(f"env-{name[4:].lower()}-{kind}", PARAMETERS,
              f"{name}={value!r} is no {what}: refused with code 4")
        def _(t, value=value):
            for command in "ADD", "DEL":
                refused(t, command, name, value)


bad_value("CNI_CONTAINERID", BAD_IDS, "container id")
bad_value("CNI_IFNAME", BAD_IFNAMES, "interface name")


@rule("env-command-missing", ERROR, "a run without CNI_COMMAND is refused with code 4")
def _(t):
    c = t.container()
    t.failure(t.run(None, c, t.request(c)), 4)


@rule("env-command-unknown", ERROR, "an unknown CNI_COMMAND is refused with code 4")
def _(t):
    c = t.container()
    conf = t.request(c)
    for command in "FROB", "add", "ADD\n":
        t.failure(t.run(command, c, conf), 4)


@rule("env-netns-no-namespace", ERROR,
      "CNI_NETNS that is a file, a folder or a FIFO is refused with code 3 or 4")
def _(t):
    c = t.container()
    conf = t.request(c)
    os.mkfifo("/run/fifo")
    try:
        for path in "/etc/passwd", "/etc", "/run/fifo", "/dev/null":
            t.failure(t.run("ADD", c, conf, CNI_NETNS=path), 3, 4)
    finally:
        os.unlink("/run/fifo")


@rule("env-netns-host", ERROR, "CNI_NETNS that is the host's own namespace is refused")
def _(t):
    c = t.container()
    before = host.snapshot()
    t.failure(t.run("ADD", c, t.request(c), ifname="bad0", CNI_NETNS="/proc/self/ns/net"))
    left = sorted(host.snapshot() - before)
    host.wipe(left)
    t.that(not left, f"left: {', '.join(left)}")


@rule("env-args-malformed", PARAMETERS, "CNI_ARGS without key-value pairs is refused with code 4")
def _(t):
    refused(t, "ADD", "CNI_ARGS", "this is no pair")


# ---- configuration ----


def raw(t, stdin, *codes, may_pass=False):
    """The same to every verb that reads a configuration."""
    for command in "ADD", "DEL":
        c = t.container()
        before = host.snapshot(), host.snapshot(c.name)
        answer = t.run(command, c, stdin=stdin)
        if may_pass and answer.status == 0:
            c.attached.append(("eth0", t.conf))
            t.that(command == "DEL" or answer.doc is not None,
                   f"{answer}; one JSON document was expected")
            continue
        t.failure(answer, *codes)
        t.that(before == (host.snapshot(), host.snapshot(c.name)),
               f"{answer}, and something changed")


def text_of(conf):
    return json.dumps(conf).encode()


@rule("input-empty", ERROR, "an empty stdin is refused with code 5 or 6")
def _(t):
    raw(t, b"", 5, 6)


@rule("input-truncated", ERROR, "half a configuration is refused with code 6")
def _(t):
    text = text_of(t.conf)
    raw(t, text[:len(text) // 2], 6)
    raw(t, text[:-1], 6)


@rule("input-trailing", ERROR, "a configuration with something behind it is refused with code 6")
def _(t):
    raw(t, text_of(t.conf) + b"}", 6)


@rule("input-no-object", ERROR, "JSON that is no object is refused with code 6")
def _(t):
    for text in b"[]", b"7", b'"text"', b"true":
        raw(t, text, 6)


@rule("input-null", ERROR, "JSON null is refused with code 6 or 7")
def _(t):
    raw(t, b"null", 6, 7)


@rule("input-nul", ERROR, "NUL bytes are refused with code 6")
def _(t):
    raw(t, text_of(t.conf).replace(b'"name"', b'"na\0me"', 1), 6)
    raw(t, text_of(t.conf) + b"\0", 6)


@rule("input-nul-annotation", "Section 3 / Deriving runtimeConfig",
      "a NUL in an annotation of the pod, which anybody may write, does no harm")
def _(t):
    c = t.container()
    asked = {"runtimeConfig": {"io.kubernetes.cri.pod-annotations": {"example.com/any": "a\0b"}}}
    t.result(t.add(c, **asked))
    t.success(t.run("DEL", c, t.request(c, **asked)))


@rule("input-utf8", ERROR, "a network name that is invalid UTF-8 is refused with code 6 or 7")
def _(t):
    name = json.dumps(t.conf["name"]).encode()
    raw(t, text_of(t.conf).replace(name, b'"\xff\xfe"', 1), 6, 7)


@rule("input-huge", ERROR, "10 MB are taken, or refused with code 5, 6 or 7")
def _(t):
    huge = {"x-pad": "x" * 10_000_000}
    conf = dict(t.conf, prevResult={"cniVersion": t.version}) if t.prev else t.conf
    raw(t, text_of(dict(conf, **huge)), 5, 6, 7, may_pass=True)


@rule("input-deep", ERROR, "100,000 levels of nesting are taken, or refused with code 5, 6 or 7")
def _(t):
    deep = b', "x-deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    raw(t, text_of(t.conf)[:-1] + deep, 5, 6, 7, may_pass=True)


@rule("input-duplicate-name", ERROR, "a second, bad 'name' is refused with code 6 or 7")
def _(t):
    raw(t, text_of(t.conf)[:-1] + b', "name": "../../evil"}', 6, 7)


BAD_NAMES = {"slash": "a/b", "dots": "../../evil", "newline": "a\nb", "nul": "a\0b", "blank": "a b",
             "dash": "-a"}
for _kind, _value in BAD_NAMES.items():
    @rule(f"name-{_kind}", FORMAT, f"the network name {_value!r} is refused with code 6 or 7")
    def _(t, value=_value):
        raw(t, text_of(dict(t.conf, name=value)), 6, 7)


@rule("name-missing", FORMAT, "a configuration without 'name' is refused with code 6 or 7")
def _(t):
    raw(t, text_of({k: v for k, v in t.conf.items() if k != "name"}), 6, 7)


WRONG_TYPES = {"cniVersion": 1, "name": ["a"], "ipam": "host-local", "dns": "10.0.0.1",
               "prevResult": "none", "runtimeConfig": [1], "args": 5,
               "capabilities": {"x-any": "yes"}}
for _key, _value in WRONG_TYPES.items():
    @rule(f"type-{_key.lower()}", FORMAT, f"'{_key}' of the wrong type is refused with code 6 or 7",
          kind="interface" if _key == "ipam" else "any")
    def _(t, key=_key, value=_value):
        c = t.container()
        t.failure(t.run("ADD", c, t.request(c, **{key: value})), 6, 7)


@rule("type-in-dns", FORMAT, "what is in 'dns', and of the wrong type, is refused with code 6 or 7")
def _(t):
    for wrong in {"nameservers": "10.0.0.1"}, {"domain": 5}, {"search": [5]}:
        c = t.container()
        t.failure(t.run("ADD", c, t.request(c, dns=wrong)), 6, 7)


@rule("ipam-type-path", FORMAT,
      "an 'ipam' 'type' with slashes is refused, and no such program run", "interface")
def _(t):
    c = t.container()
    for bad in "../../bin/true", "/bin/true", "..", "a/b":
        t.failure(t.add(c, ipam={"type": bad}))


@rule("prev-result-index", "Section 5 / ADD Success",
      "an address in prevResult that names an interface which is not listed is refused (6 or 7) or "
      "passed on", "chained")
def _(t):
    c = t.container()
    prev = t.previous(c)
    prev["ips"] = [{"address": "192.0.2.1/24", "interface": 99, "version": "4"}]
    answer = t.run("ADD", c, dict(t.conf, prevResult=prev))
    if answer.status:
        t.failure(answer, 6, 7)
    else:
        ips = t.result(answer).get("ips") or [{}]
        t.that(ips[0].get("address") == "192.0.2.1/24", f"{answer}; the address is not passed on")
