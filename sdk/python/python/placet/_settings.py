"""Settings, checked where they are given: a wrong one is an error and never a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ._errors import ConfigError
from ._types import Mode, OnReview

E = TypeVar("E", Mode, OnReview)

DEFAULT_SAMPLE_PERCENT = 10.0
DEFAULT_SHADOW_LIMIT = 0.25
DEFAULT_TIMEOUT = 10.0


@dataclass(frozen=True)
class Settings:
    """How a program uses a guard."""

    policy: Any = None
    store: str | os.PathLike[str] | None = None
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    mode: Mode | None = None
    """None: as the policy says. A program can only be stricter than its policy; ``SHADOW`` and the
    rest of ``SAMPLE`` ask for what the policy's ``on_review = "shadow"`` permits, and keep what goes
    wrong on our side from stopping a call."""
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

    def __post_init__(self) -> None:
        if self.url is not None and not self.url.startswith(("http://", "https://", "unix:")):
            raise ConfigError(f"{self.url!r} is no address of a daemon; write http:// or https://")
        if self.url is not None and not self.key:
            raise ConfigError("a daemon asks for a key; give key= or set PLACET_KEY")
        if self.url is not None and (self.policy is not None or self.store is not None):
            raise ConfigError("a daemon has its own policy and store; give url= or those, not both")

    def changed(self, **changes: Any) -> Settings:
        """The same with other values, each checked; ``None`` changes nothing."""
        return replace(self, **_checked({k: v for k, v in changes.items() if v is not None}))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """What the variables ``PLACET_*`` say."""
        given = os.environ if environment is None else environment
        values = {field: given[f"PLACET_{field.upper()}"] for field in _READ if
                  given.get(f"PLACET_{field.upper()}")}
        return cls(**_checked(values, "PLACET_"))


def _checked(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    checked = {}
    for field, value in values.items():
        read = _READ.get(field)
        if read is None:
            raise ConfigError(f"there is no setting {field!r}; there are {', '.join(_READ)}")
        name = f"{prefix}{field.upper()}" if prefix else field
        checked[field] = read(name, value)
    return checked


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{name} is a text, not {type(value).__name__}")
    return value


def _any(_name: str, value: Any) -> Any:
    return value


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
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} is a number, not {value!r}") from None
    return number


def _percent(name: str, value: Any) -> float:
    percent = _number(name, value)
    if not 0 <= percent <= 100:
        raise ConfigError(f"{name} is a percentage from 0 to 100, not {value!r}")
    return percent


def _seconds(name: str, value: Any) -> float:
    seconds = _number(name, value)
    if not 0 < seconds < float("inf"):
        raise ConfigError(f"{name} is a number of seconds above 0, not {value!r}")
    return seconds


_READ = {
    "policy": _any,
    "store": _any,
    "url": _text,
    "key": _text,
    "mode": _mode,
    "sample_percent": _percent,
    "on_review": _on_review,
    "review_timeout": _seconds,
    "shadow_limit": _seconds,
    "timeout": _seconds,
    "tenant": _text,
    "agent": _text,
}
