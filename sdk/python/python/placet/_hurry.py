"""A carrier that gives up soon: in shadow, nothing of ours holds a call up for longer."""

from __future__ import annotations

import threading
import time
from typing import Any

from ._drive import Carrier
from ._errors import Unavailable
from ._forks import in_each_child
from ._step import Post, Step
from ._within import within

_AT_A_TIME = 64
"""How many calls may hang at a daemon that does not answer. Those beyond go on at once."""

_places = threading.BoundedSemaphore(_AT_A_TIME)


def _renewed() -> None:
    """Nothing hangs in a child yet."""
    global _places
    _places = threading.BoundedSemaphore(_AT_A_TIME)


in_each_child(_renewed)


class Hurried:
    """Carries out the steps of one call. Those that are hurried have a limit, in seconds, for all of
    them together; it begins with the first.

    What does not answer by then is left to a thread that nobody waits for.
    """

    is_hurried = True

    def __init__(self, carrier: Carrier, limit: float) -> None:
        self._carrier = carrier
        self._limit = limit
        self._until: float | None = None

    @property
    def look_every(self) -> float:
        """As often as the carrier behind it."""
        return self._carrier.look_every

    @property
    def patience(self) -> float:
        """As long as the carrier behind it."""
        return getattr(self._carrier, "patience", 0.0)

    def do(self, step: Step) -> Any:
        """Carries out a step, unless it takes too long."""
        if not step.hurried:
            return self._carrier.do(step)
        box: list[Any] = []
        done = threading.Event()

        def carry() -> None:
            try:
                box.append((self._carrier.do(step), None))
            except BaseException as error:
                box.append((None, error))
            finally:
                _places.release()
                done.set()

        left = self._left()
        self._start(carry)
        if not done.wait(left):
            raise self._late()
        value, error = box[0]
        if error is not None:
            raise error
        return value

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop."""
        if not step.hurried:
            return await self._carrier.ado(step)
        try:
            return await within(self._carrier.ado(step), self._left())
        except TimeoutError:
            raise self._late() from None

    def post(self, of: Post) -> None:
        """Carries out steps for whose result nobody waits."""
        self._carrier.post(of)

    def close(self) -> None:
        """The carrier behind it is closed by whoever opened it."""

    def _start(self, carry: Any) -> None:
        if not _places.acquire(blocking=False):
            raise self._late()
        try:
            threading.Thread(target=carry, name="placet-shadow", daemon=True).start()
        except RuntimeError as error:
            # There is no thread to be had, or the interpreter is about to end.
            _places.release()
            raise Unavailable(str(error)) from error

    def _left(self) -> float:
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._limit
        return max(0.0, self._until - now)

    def _late(self) -> Unavailable:
        return Unavailable(f"nothing was answered within {self._limit:g} s")
