"""Where in a policy object it is that its engine finds something wrong.

The engine reads the text that the object says, and names a line of that. Nobody has seen this text, so
what is named here is the part of the object that the line was made from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_AT = re.compile(r"^policy\.toml:(\d+):(\d+): ", re.MULTILINE)
_IN_RULES = re.compile(r"^rules\.cedar:(\d+):(\d+): ", re.MULTILINE)
_FIRST = re.compile(r", first on line \d+, column \d+")
_PARTS = ("quorum", "groups", "deadline", "fields", "least_length")
"""What an approval is made of. It is written in one line."""

_OTHERWISE = {"sample": "sample_percent", "defaults": "permissive"}
"""What is called otherwise in a file."""


def placed(detail: str, text: str, classes: Sequence[str]) -> str:
    """What is wrong with the text of a policy, said of the object. ``classes`` are its classes' names in
    their order."""
    lines = text.split("\n")

    def place(found: re.Match[str]) -> str:
        return f"{_place(lines, int(found[1]), int(found[2]), classes)}: "

    said = _FIRST.sub("", _AT.sub(place, detail))
    return _IN_RULES.sub(lambda at: f"rules, line {at[1]}, column {at[2]}: ", said)


def _place(lines: Sequence[str], number: int, column: int, classes: Sequence[str]) -> str:
    """The part of the object that is written at a line and a column, both from 1 on."""
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    key = "" if line.startswith("[") else line.partition(" = ")[0]
    if key == "approval":
        key += _part(line[:column])
    heads = [head for head in lines[:number] if head.startswith("[")]
    if not heads:
        return _OTHERWISE.get(key, key) or "the policy"
    count = sum(head.startswith(_kind(heads[-1])) for head in heads)
    dot = f".{key}" if key else ""
    if heads[-1].startswith("[actions."):
        name = classes[count - 1] if count <= len(classes) else ""
        return f"actions[{name!r}]{dot}"
    if heads[-1].startswith("[[budgets]]"):
        return f"budgets[{count - 1}]{dot}"
    state = heads[-1].rpartition(".")[2].rstrip("]")
    return f"thresholds{dot}[AutonomyState.{state.upper()}]"


def _kind(head: str) -> str:
    return head.partition(".")[0]


def _part(before: str) -> str:
    """The part of an approval whose value begins last."""
    at, name = max((before.rfind(f"{name} = "), name) for name in _PARTS)
    return f".{name}" if at > 0 else ""
