"""What is sent although nobody waits for it: one after the other, by one thread."""

from __future__ import annotations

import threading
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
    """Sends by a thread that ends when there is nothing left to send."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: deque[Callable[[], object]] = deque()
        self._is_working = False
        self._is_done = threading.Event()
        self._is_done.set()

    def put(self, send: Callable[[], object]) -> None:
        """Leaves something to be sent. Never waits, and raises nothing."""
        with self._lock:
            if len(self._left) >= MOST:
                note("there is more to tell the daemon than it takes; something was left out")
                return
            self._left.append(send)
            if self._is_working:
                return
            self._is_working = True
            self._is_done.clear()
        try:
            threading.Thread(target=self._work, name="placet-posts", daemon=True).start()
        except RuntimeError as error:
            # There is no thread to be had, or the interpreter is about to end.
            self._is_working = False
            self._is_done.set()
            note("the daemon could not be told: %s", error)

    def end(self) -> None:
        """Waits a moment for what is still to be sent."""
        self._is_done.wait(GRACE)

    def _work(self) -> None:
        while (send := self._next()) is not None:
            try:
                send()
            except Exception as error:
                # Nobody waits for it. What could not be undone is ended by its deadline.
                note("the daemon could not be told: %s", error)

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if not self._left:
                self._is_working = False
                self._is_done.set()
                return None
            return self._left.popleft()
