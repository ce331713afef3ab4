"""Calls that are made again under one key, of which one runs."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ._errors import Blocked, Invalid, TooMany
from ._forks import in_each_child
from ._say import warn

KEPT = 24 * 3600
"""How long a key is remembered, in seconds. A daemon remembers as long."""

MOST = 100_000
"""How many keys are remembered at once. Beyond that a call with a new one is refused."""


def sound_key(key: object, tool: str, *, shadow: bool) -> str | None:
    """A key, if one is given. What is none is an error, and in shadow it is left out."""
    if key is None or (isinstance(key, str) and key and _can_be_sent(key)):
        return key
    # What is no text is not asked how it is written.
    given = repr(key) if type(key) is str else type(key).__name__
    why = f"idempotency_key is a text that is not empty and that UTF-8 can carry, not {given}"
    if not shadow:
        raise Invalid(f"{tool} was not called: {why}")
    warn("in shadow, %s runs without its key: %s", tool, why)
    return None


def _can_be_sent(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


class Once:
    """The keys of one guard, in memory. The oldest come first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: OrderedDict[str, float] = OrderedDict()
        _all.add(self)

    def renew(self) -> None:
        """Makes it usable in a forked process. The keys are still those of both."""
        self._lock = threading.Lock()

    def claim(self, key: str, tool: str) -> None:
        """Takes a key for a call. Raises where another call has it."""
        now = time.monotonic()
        with self._lock:
            while self._since and now - next(iter(self._since.values())) >= KEPT:
                self._since.popitem(last=False)
            if key in self._since:
                why = "a call with this idempotency key runs, or ran"
                raise Blocked(f"{tool} is not run again: {why}", reasons=(why,))
            if len(self._since) >= MOST:
                raise TooMany(f"{MOST} idempotency keys are remembered, and there is no more room")
            self._since[key] = now

    def release(self, key: str) -> None:
        """Gives a key back whose call did not run."""
        with self._lock:
            self._since.pop(key, None)


_all: weakref.WeakSet[Once] = weakref.WeakSet()


def _renewed() -> None:
    for once in _all:
        once.renew()


in_each_child(_renewed)


class Claim:
    """One call under its key."""

    def __init__(
        self, once: Once, key: str, tool: str, call: Callable[[Any], Any], *, shadow: bool = False
    ) -> None:
        self._once, self._key, self._call = once, key, call
        self._is_to_give_back = False
        try:
            once.claim(key, tool)
            self._is_to_give_back = True
        except TooMany as error:
            if not shadow:
                raise
            warn("in shadow, %s runs although its idempotency key has no room: %s", tool, error)

    def call(self, arguments: Any) -> Any:
        """Calls the function. From here on the key is spent, whatever comes of it."""
        self._is_to_give_back = False
        return self._call(arguments)

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_to_give_back:
            self._once.release(self._key)
