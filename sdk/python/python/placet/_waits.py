"""How long to wait for people at a daemon, and how that is asked for: some seconds at a time."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ._wire import Poll

if TYPE_CHECKING:
    from ._step import Step

LONGEST_POLL = 30
"""How long one request waits for people, in seconds. Proxies end what says nothing for longer."""

SHORTEST_POLL = 0.5
"""How soon to ask again whoever does not wait although they were asked to, in seconds."""

GRAIN = 0.1
"""By how much a wait may be longer than its caller said, in seconds, so that not every wait of whole
seconds ends with hanging up."""


class Waits:
    """How long a step waits for people: until they have answered, or as long as the caller likes."""

    def __init__(self, step: Step) -> None:
        self._is_wait = step.name == "settle"
        self._asked = time.monotonic()
        self._until = None if step.within is None else self._asked + step.within

    def next_poll(self) -> Poll:
        """For how long to ask next; not at all once it is over, to see what it has come to."""
        self._asked = time.monotonic()
        left = math.inf if self._until is None else self._until - self._asked
        if left <= 0:
            return Poll(0)
        whole = math.floor(min(LONGEST_POLL, left + GRAIN))
        return Poll(whole) if whole >= 1 else Poll(1, cut=left)

    def is_done(self, answer: Any) -> bool:
        """Whether an answer is the last one."""
        if not self._is_wait or answer.get("status") != "pending":
            return True
        return self._until is not None and time.monotonic() >= self._until

    def rest(self) -> float:
        """How long to rest before asking again, in seconds: not at all, unless the answer came at
        once, although nothing has happened."""
        now = time.monotonic()
        until = math.inf if self._until is None else self._until
        return max(0.0, min(self._asked + SHORTEST_POLL, until) - now)
