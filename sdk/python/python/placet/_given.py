"""What a guard's methods are given, checked in the same way in this process and at a daemon."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ._errors import Invalid, Missing

LONGEST_NAME = 512
"""How many bytes a name has at most."""

_SHOWN = 40
"""How many characters are shown of what makes no sense."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def why_no_text(value: Any) -> str | None:
    """What is wrong with a text, in words that go behind its name; None where it is one."""
    if not isinstance(value, str):
        return f"is a text, not {type(value).__name__}"
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = ord(value[error.start])
        return (
            f"has half of a surrogate pair (\\u{half:04x}), which is no character by itself; decode "
            'bytes with errors="replace"'
        )
    return None


def why_no_name(value: Any, *, is_tenant: bool = False) -> str | None:
    """What is wrong with a name, in words that go behind what it names; None where it is one."""
    why = why_no_text(value)
    if why is not None:
        return why
    size = len(value.encode())
    if size == 0:
        return "is empty; leave it out or name it"
    if size > LONGEST_NAME:
        return f"is {size} bytes long; at most {LONGEST_NAME} are accepted"
    control = next((ord(sign) for sign in value if _is_control(ord(sign))), None)
    if control is not None:
        return f"contains the control character U+{control:04X}; remove it"
    if is_tenant and "/" in value:
        return 'contains "/"; use another character, because "/" separates the parts of a scope'
    return None


def text(name: str, value: Any) -> str:
    """A text that can be written down."""
    return _sound(name, value, why_no_text(value))


def name(of: str, value: Any) -> str:
    """A name, of whatever it is."""
    return _sound(of, value, why_no_name(value))


def names(of: str, values: Iterable[Any]) -> list[str]:
    """Several names."""
    return [_sound(of, value, why_no_name(value), "each of them ") for value in values]


def tenant(value: Any) -> str | None:
    """The name of a tenant, or none."""
    return None if value is None else _sound("tenant", value, why_no_name(value, is_tenant=True))


def count(of: str, value: Any) -> int:
    """How many of something there are."""
    if type(value) is not int:
        raise Invalid(f"{of} is a whole number, not {shown(value)}", pointer=f"/{of}")
    if not 0 <= value < 2**63:
        raise Invalid(f"{of} is a number of samples, not {shown(value)}", pointer=f"/{of}")
    return value


def flag(of: str, value: Any) -> bool:
    """True or False themselves."""
    if value is not True and value is not False:
        raise Invalid(f"{of} is True or False, not {shown(value)}", pointer=f"/{of}")
    return value


def action_id(value: Any) -> str:
    """The id of an action. A text that is none names nothing, so it is :class:`Missing`."""
    return _id("action_id", value, "act_")


def request_id(value: Any) -> str:
    """The id of a held action. A text that is none names nothing, so it is :class:`Missing`."""
    return _id("request_id", value, "apr_")


def scope(value: Any) -> str:
    """What a kill switch stops."""
    whole = text("scope", value)
    if whole == "all":
        return whole
    inner = whole
    if whole.startswith("tenant:"):
        of, slash, inner = whole.removeprefix("tenant:").partition("/")
        _sound("scope", of, why_no_name(of, is_tenant=True), "the tenant in it ")
        if not slash:
            return whole
    kind, _, named = inner.partition(":")
    if kind not in ("agent", "tool") or ":" not in inner:
        why = f"{shown(whole)} is not a scope; write all, tenant:NAME, agent:NAME or tool:NAME"
        raise Invalid(f"scope: {why}", pointer="/scope")
    _sound("scope", named, why_no_name(named), f"the {kind} in it ")
    return whole


def shown(value: Any) -> str:
    """A value as messages show it: not all of it, where it is long."""
    try:
        whole = repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    except Exception:
        # A number of very many digits, say.
        whole = f"a value of {type(value).__name__}"
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}…"
    return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"


def _id(of: str, value: Any, prefix: str) -> str:
    whole = text(of, value)
    if not whole.startswith(prefix) or _UUID.fullmatch(whole, len(prefix)) is None:
        raise Missing(
            f"{of}: {shown(whole)} is no id of this kind, so there is nothing by it; one looks like "
            f"{prefix}0198c2f4-…"
        )
    return whole


def _sound(of: str, value: Any, why: str | None, part: str = "") -> str:
    if why is not None:
        raise Invalid(f"{of}: {part}{why}" if part else f"{of} {why}", pointer=f"/{of}")
    # What is made from it, like a member of an enum, is shown as something else.
    return str.__str__(value)


def _is_control(code: int) -> bool:
    return code < 0x20 or 0x7F <= code < 0xA0
