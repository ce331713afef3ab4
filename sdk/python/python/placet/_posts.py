"""What is sent although nobody waits for it: one after the other, by one thread."""

from __future__ import annotations

import _thread
import threading
import time
from collections import deque
from collections.abc import Callable

from ._say import note

MOST = 10_000
"""How much may wait to be sent, at a daemon that does not answer. What comes beyond is left to the
deadlines, which end everything that is left open."""


GRACE = 1.0
"""How long whoever closes waits for what is still to be sent, in seconds. A daemon that answers takes
a fraction of it; one that does not holds nobody up for longer."""


class Posts:
    """Sends by a thread that ends when there is nothing left to send.

    What is left to be sent may come from the garbage collector, in the midst of anything, also of this. So
    nothing here waits for a lock, except whoever closes.
    """

    def __init__(self) -> None:
        self._left: deque[Callable[[], object]] = deque()
        self._works = threading.Lock()
        """Held by the thread that sends."""

    def put(self, send: Callable[[], object]) -> None:
        """Leaves something to be sent. Never waits, and raises nothing."""
        if len(self._left) >= MOST:
            note("there is more to tell the daemon than it takes; something was left out")
            return
        self._left.append(send)
        self._wake()

    def end(self) -> None:
        """Waits a moment for what is still to be sent."""
        until = time.monotonic() + GRACE
        while (left := until - time.monotonic()) > 0 and self._works.acquire(timeout=left):
            self._works.release()
            if not self._left:
                return
            if not self._wake():
                # From Python 3.12 on no thread starts at the end of the interpreter.
                self._send(self._left.popleft())

    def _wake(self) -> bool:
        """Sees to it that what is left is sent; whether it will be."""
        if not self._works.acquire(blocking=False):
            return True
        try:
            # Unlike those of `threading`, it is not waited for until it has begun.
            _thread.start_new_thread(self._work, ())
        except RuntimeError as error:
            # There is no thread to be had, or the interpreter is about to end.
            self._works.release()
            note("the daemon is told later: %s", error)
            return False
        return True

    def _work(self) -> None:
        try:
            while self._left:
                self._send(self._left.popleft())
        finally:
            self._works.release()
        if self._left:
            # It came in between.
            self._wake()

    def _send(self, send: Callable[[], object]) -> None:
        try:
            send()
        except Exception as error:
            # Nobody waits for it. What could not be undone is ended by its deadline.
            note("the daemon could not be told: %s", error)
