"""A carrier that gives up soon: in shadow, nothing of ours holds a call up for longer."""

from __future__ import annotations

import threading
import time
from typing import Any

from ._drive import Carrier
from ._errors import Unavailable
from ._steps import Step
from ._within import within

_AT_A_TIME = 64
"""How many calls may hang at a daemon that does not answer. Those beyond go on at once."""

_places = threading.BoundedSemaphore(_AT_A_TIME)


class Hurried:
    """Carries out the steps of one call within a limit for all of them, in seconds.

    What does not answer by then is left to a thread that nobody waits for.
    """

    def __init__(self, carrier: Carrier, limit: float) -> None:
        self._carrier = carrier
        self._limit = limit
        self._until = time.monotonic() + limit

    def do(self, step: Step) -> Any:
        """Carries out a step, unless it takes too long."""
        if not _places.acquire(blocking=False):
            raise self._late()
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

        threading.Thread(target=carry, name="placet-shadow", daemon=True).start()
        if not done.wait(max(0.0, self._until - time.monotonic())):
            raise self._late()
        value, error = box[0]
        if error is not None:
            raise error
        return value

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop."""
        try:
            return await within(self._carrier.ado(step), max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            raise self._late() from None

    def post(self, step: Step) -> None:
        """Carries out a step for whose result nobody waits."""
        if not _places.acquire(blocking=False):
            return

        def carry() -> None:
            try:
                self._carrier.do(step)
            except Exception:
                # Shadow stops nobody, and nobody waits.
                pass
            finally:
                _places.release()

        threading.Thread(target=carry, name="placet-shadow", daemon=True).start()

    def close(self) -> None:
        """The carrier behind it is closed by whoever opened it."""

    def _late(self) -> Unavailable:
        return Unavailable(f"nothing was answered within {self._limit:g} s")
