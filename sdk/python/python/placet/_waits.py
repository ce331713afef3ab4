"""How long to wait for people at a daemon, and how that is asked for: some seconds at a time."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ._wire import Poll

if TYPE_CHECKING:
    from ._errors import Unavailable
    from ._step import Step

LONGEST_POLL = 30
"""How long one request waits for people, in seconds. Proxies end what says nothing for longer."""

SHORTEST_POLL = 0.5
"""How soon to ask again whoever does not wait although they were asked to, in seconds."""

GRAIN = 0.1
"""By how much a wait may be longer than its caller said, in seconds, so that not every wait of whole
seconds ends with hanging up."""


FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.5
"""How long to pause before a daemon that is away is asked again, in seconds: twice as long each time."""


class Pauses:
    """The pauses between attempts to reach a daemon that is away, which grow."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    def next(self) -> float:
        """How long the next one is, in seconds."""
        pause, self._next = self._next, min(2 * self._next, LONGEST_PAUSE)
        return pause


class Waits:
    """How long a step waits for people: until they have answered, or as long as the caller likes."""

    def __init__(self, step: Step) -> None:
        self._is_wait = step.name == "settle"
        self._asked = time.monotonic()
        self._until = None if step.within is None else self._asked + step.within
        self._away: tuple[float, Pauses] | None = None
        """Since when the daemon is away, where it is."""

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

    def pause(self, error: Unavailable, patience: float) -> float | None:
        """How long to pause before asking again a daemon that is away. None where what went wrong does
        not pass, or where it has been away for longer than it may take to answer, or than the wait."""
        if not (self._is_wait and error.may_pass):
            return None
        now = time.monotonic()
        since, pauses = self._away = self._away or (now, Pauses())
        until = since + patience if self._until is None else min(since + patience, self._until)
        return min(pauses.next(), until - now) if until > now else None

    def is_answered(self) -> None:
        """The daemon is there."""
        self._away = None
