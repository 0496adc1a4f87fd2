# SPDX-License-Identifier: Apache-2.0
"""Rules: a function each, with what the specification says and where.

    @rule("add-sandbox", "Section 5 / ADD Success",
          "'sandbox' is CNI_NETNS for interfaces in the container")
    def _(t):
        c, answer = t.added()
        t.that(..., "...")

A rule that returns is kept, one that raises Broken is not. Afterwards the runner takes away every
attachment that the rule made (DEL), then the container, and whatever is left on the host breaks the
rule, too.
"""


class Broken(Exception):
    """The plugin broke the rule; the text says how."""


class Rule:
    def __init__(self, name, clause, text, check, kind, since, verb, each, needs, several):
        self.name, self.clause, self.text, self.check = name, clause, text, check
        self.kind = kind    # "interface", "chained" or "any": what the plugin must be
        self.since = since  # first version of the specification
        self.verb = verb    # and the version that has this verb
        self.each = each    # run with each version, not only the newest one of the plugin
        self.several = several  # it needs more than one attachment at a time
        self.needs = needs  # "ipam": only for configurations with an IPAM plugin


RULES = []


def rule(name, clause, text, kind="any", since="0.3.0", verb="ADD", each=False, needs=None,
         several=False):
    def keep(check):
        if any(r.name == name for r in RULES):
            raise ValueError(f"two rules '{name}'")
        RULES.append(Rule(name, clause, text, check, kind, since, verb, each, needs, several))
        return check
    return keep
