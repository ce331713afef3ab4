"""Settings, checked where they are given: a wrong one is an error and never a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeVar, cast

from ._errors import ConfigError
from ._hidden import hidden, with_hidden
from ._types import Mode, OnReview

E = TypeVar("E", bound=Enum)

DEFAULT_SAMPLE_PERCENT = 10.0
LEAST_PERCENT = 0.01
"""The smallest share that there is: one in 10,000 callers."""

DEFAULT_SHADOW_LIMIT = 0.25
DEFAULT_TIMEOUT = 10.0

MEMORY = ":memory:"
"""The store that is gone with the guard: for tests, and for trying a policy out."""

LONGEST = 366 * 24 * 3600
"""The longest that anything may be told to wait, in seconds: a year. Clocks overflow far beyond it,
and who writes more means no limit, which is what leaving it out says."""

OTHERS = frozenset(
    f"PLACET_{name}"
    for name in ("CA", "HOOK_DRY_RUN", "LISTEN", "LOG", "MCP_TOKEN", "NIGHTLY", "TRACE", "WEBHOOKS")
    + ("WHEEL",)
)
"""Variables that are for the command and the daemon, or for building and testing all of it."""


class Settings(NamedTuple):
    """How a program uses a guard."""

    policy: Any = None
    store: str | os.PathLike[str] | None = None
    url: str | None = None
    key: str | None = None
    mode: Mode | None = None
    """None: as the policy says. A program can only be stricter than its policy: ``ENFORCE`` holds
    every call, evaluation and proposal to what is decided, whatever the policy's mode, and whatever
    a single call asks for. ``SHADOW`` and the rest of ``SAMPLE`` ask for what the policy's
    ``on_review = "shadow"`` permits, and keep what goes wrong on our side from stopping a call."""
    sample_percent: float = DEFAULT_SAMPLE_PERCENT
    on_review: OnReview = OnReview.BLOCK
    review_timeout: float | None = None
    """How long a call waits for people, in seconds, at most; None: until the approval's deadline."""
    shadow_limit: float = DEFAULT_SHADOW_LIMIT
    """How long a call in shadow is held up at most, in seconds."""
    timeout: float = DEFAULT_TIMEOUT
    """How long a daemon may take to answer, in seconds."""
    tenant: str | None = None
    agent: str | None = None

    def __repr__(self) -> str:
        # A key is never shown, and neither is a password, although no address may have one.
        shown = {name: value for name, value in self._asdict().items() if name != "key"}
        shown["url"] = None if self.url is None else without_password(self.url)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def changed(self, **changes: Any) -> Settings:
        """The same with other values, each checked; ``None`` changes nothing."""
        changes = with_hidden(changes)
        given = {name: value for name, value in changes.items() if value is not None}
        return _sound(self._replace(**_checked(given)))

    @classmethod
    def at_daemon(cls, url: Any, key: Any) -> Settings:
        """Those of a guard at a daemon, which has both."""
        key = hidden(key)
        return cls(**_checked({"url": url, "key": key}))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """What the variables ``PLACET_*`` say. One that is empty says nothing that makes sense, and
        one that nobody knows may be one of ours that is misspelt: both are errors."""
        given = with_hidden(os.environ if environment is None else environment)
        ours = {f"PLACET_{name.upper()}": name for name in _READ}
        for name in given:
            if name.startswith("PLACET_") and name not in ours and name not in OTHERS:
                _not_misspelt(name, ours)
        values = {name: given[variable] for variable, name in ours.items() if variable in given}
        return _sound(cls(**_checked(values, "PLACET_")))


def _sound(settings: Settings) -> Settings:
    """The settings, where they make sense together."""
    if settings.url is None:
        if settings.key is not None:
            raise ConfigError("a key is for a daemon; give url= or set PLACET_URL as well")
        return settings
    if not settings.key:
        raise ConfigError("a daemon asks for a key; give key= or set PLACET_KEY")
    if settings.policy is not None or settings.store is not None:
        raise ConfigError("a daemon has its own policy and store; give url= or those, not both")
    return settings


def _not_misspelt(name: str, ours: Mapping[str, str]) -> None:
    """Raises where a variable is so much like one of ours that it is meant to be one."""
    from difflib import get_close_matches

    words = set(name.split("_")[1:])
    like = [known for known in ours if words & set(known.split("_")[1:])]
    if like or get_close_matches(name, ours, 1, 0.8):
        close = get_close_matches(name, ours, 1, 0.0) or like
        raise ConfigError(f"there is no variable {name}; is {close[0]} meant?")


def _checked(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in values.items():
        read = _READ.get(name)
        if read is None:
            raise ConfigError(f"there is no setting {name!r}; there are {', '.join(_READ)}")
        checked[name] = read(f"{prefix}{name.upper()}" if prefix else name, value)
    return checked


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{name} is a text, not {type(value).__name__}")
    if not value.strip():
        raise ConfigError(f"{name} is empty; leave it out")
    return value


def _name(name: str, value: Any) -> str:
    """The name of a tenant or an agent."""
    from ._given import why_no_name

    text = _text(name, value)
    why = why_no_name(text, is_tenant=name.lower().endswith("tenant"))
    if why is not None:
        raise ConfigError(f"{name} {why}")
    return text


def secret(name: str, value: Any) -> str:
    """A key for a daemon. What it is goes into no message."""
    if isinstance(value, str) and not value.strip():
        raise ConfigError(f"{name} is empty; a daemon asks for one, which `placet key create` makes")
    text = _text(name, value)
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ConfigError(f"{name} has characters that no key has")
    return text


def address(name: str, value: Any) -> str:
    """The address of a daemon. Who asks there says so by a key, so there is no password in it."""
    from urllib.parse import urlsplit

    text = _text(name, value)
    if "@" in text and not text.startswith("unix:"):
        shown = without_password(text)
        raise ConfigError(f"{name}: the address {shown!r} has a name or a password; leave it out")
    if text.startswith("unix:"):
        if not text.removeprefix("unix:").strip("/"):
            raise ConfigError(f"{name}: {text!r} names no socket; write unix:/path/to/socket")
        return text
    if not text.startswith(("http://", "https://")):
        raise ConfigError(f"{name}: {text!r} is no address of a daemon; write http:// or https://")
    try:
        parts = urlsplit(text)
        is_sound = bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError as error:
        raise ConfigError(f"{name}: {text!r} is no address of a daemon: {error}") from error
    if not is_sound or any(sign.isspace() for sign in text):
        raise ConfigError(f"{name}: {text!r} is no address of a daemon; write http://host:port")
    return text


def without_password(url: str) -> str:
    """An address as it may be shown."""
    if url.startswith("unix:"):
        return url
    before, sign, after = url.rpartition("@")
    scheme, slashes, _ = before.partition("//") if "//" in before else ("", "", "")
    return f"{scheme}{slashes}…@{after}" if sign else url


def _path(name: str, value: Any) -> str:
    if isinstance(value, (str, os.PathLike)):
        place = os.fsdecode(cast("str | os.PathLike[str]", value))
        if place.strip():
            return place
    raise ConfigError(f"{name} is a path, not {value!r}")


def _store(name: str, value: Any) -> str:
    place = _path(name, value)
    if place != MEMORY and place.strip().lower() == MEMORY:
        raise ConfigError(f"{name}: {place!r} is a file of this name; write {MEMORY!r} for none")
    return place


def _policy(name: str, value: Any) -> Any:
    from ._policy import TrustPolicy

    return value if isinstance(value, TrustPolicy) else _path(name, value)


def member(kind: type[E], name: str, value: Any) -> E:
    """A member of an enum, from itself or its word."""
    if isinstance(value, kind):
        return value
    words = [one.value for one in kind]
    if isinstance(value, str) and value in words:
        return kind(value)
    raise ConfigError(f"{name} is one of {', '.join(words)}, not {value!r}")


def _mode(name: str, value: Any) -> Mode:
    return member(Mode, name, value)


def _on_review(name: str, value: Any) -> OnReview:
    return member(OnReview, name, value)


def _number(name: str, value: Any) -> float:
    from ._given import shown

    try:
        # Python takes digits of all scripts, and underscores between them.
        if isinstance(value, bool) or (isinstance(value, str) and not _is_number(value)):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} is a number, not {shown(value)}") from None
    except OverflowError:
        raise ConfigError(f"{name} is far too large: {shown(value)}") from None
    return number


def _is_number(text: str) -> bool:
    import re

    return re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", text.strip(" "), re.I) is not None


def _percent(name: str, value: Any) -> float:
    percent = _number(name, value)
    if not 0 <= percent <= 100:
        raise ConfigError(f"{name} is a percentage from 0 to 100, not {value!r}")
    if 0 < percent < LEAST_PERCENT:
        raise ConfigError(f"{name} is 0 or at least {LEAST_PERCENT}, not {value!r}")
    return percent


def _seconds(name: str, value: Any) -> float:
    seconds = _number(name, value)
    if not 0 < seconds <= LONGEST:
        raise ConfigError(f"{name} is a number of seconds above 0, up to a year, not {value!r}")
    return seconds


_READ = {
    "policy": _policy,
    "store": _store,
    "url": address,
    "key": secret,
    "mode": _mode,
    "sample_percent": _percent,
    "on_review": _on_review,
    "review_timeout": _seconds,
    "shadow_limit": _seconds,
    "timeout": _seconds,
    "tenant": _name,
    "agent": _name,
}
