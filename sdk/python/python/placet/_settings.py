"""Settings, checked where they are given: a wrong one is an error and never a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from ._errors import ConfigError
from ._types import Mode, OnReview

E = TypeVar("E", Mode, OnReview)

DEFAULT_SAMPLE_PERCENT = 10.0
DEFAULT_SHADOW_LIMIT = 0.25
DEFAULT_TIMEOUT = 10.0


class Settings(NamedTuple):
    """How a program uses a guard."""

    policy: Any = None
    store: str | os.PathLike[str] | None = None
    url: str | None = None
    key: str | None = None
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

    def __repr__(self) -> str:
        # A key is never shown.
        shown = {name: value for name, value in self._asdict().items() if name != "key"}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def changed(self, **changes: Any) -> Settings:
        """The same with other values, each checked; ``None`` changes nothing."""
        given = {name: value for name, value in changes.items() if value is not None}
        return _sound(self._replace(**_checked(given)))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """What the variables ``PLACET_*`` say."""
        given = os.environ if environment is None else environment
        said = {name: given.get(f"PLACET_{name.upper()}") for name in _READ}
        values = {name: value for name, value in said.items() if value}
        return _sound(cls(**_checked(values, "PLACET_")))


def _sound(settings: Settings) -> Settings:
    """The settings, where they make sense together."""
    url = settings.url
    if url is None:
        return settings
    if not url.startswith(("http://", "https://", "unix:")):
        raise ConfigError(f"{url!r} is no address of a daemon; write http:// or https://")
    if not settings.key:
        raise ConfigError("a daemon asks for a key; give key= or set PLACET_KEY")
    if settings.policy is not None or settings.store is not None:
        raise ConfigError("a daemon has its own policy and store; give url= or those, not both")
    return settings


def _checked(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in values.items():
        read = _READ.get(name)
        if read is None:
            raise ConfigError(f"there is no setting {name!r}; there are {', '.join(_READ)}")
        checked[name] = read(f"{prefix}{name.upper()}" if prefix else name, value)
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
