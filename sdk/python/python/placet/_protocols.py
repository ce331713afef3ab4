"""What a program may bring of its own."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from ._core import ActionRequest, Decision
from ._policy import EvalMetrics


@runtime_checkable
class MetricsProvider(Protocol):
    """Knows how a class does in evaluations that the program keeps itself."""

    def metrics_for(self, action: str) -> EvalMetrics:
        """How the class does. Rates lie between 0 and 1."""


@runtime_checkable
class KillSwitchSource(Protocol):
    """Knows whether the program itself has stopped a class, or everything."""

    def is_tripped(self, action: str | None = None) -> bool:
        """Whether it is stopped. Only ``True`` and ``False`` are answers."""


@dataclass(frozen=True)
class AuditEntry:
    """What was decided on a request, and what became of it."""

    request: ActionRequest
    decision: Decision
    approved: bool | None
    """None where no person was asked."""
    executed: bool
    timestamp: datetime
    idempotency_key: str | None = None
    error: str | None = None


@runtime_checkable
class AuditSink(Protocol):
    """Keeps a record besides the log."""

    def record(self, entry: AuditEntry) -> None | Awaitable[None]:
        """Keeps an entry. Raises where it cannot."""


class KillSwitch:
    """Switches of this program, in memory. Those that last are :meth:`Guard.trip`."""

    def __init__(self) -> None:
        self._all = False
        self._actions: set[str] = set()

    def trip(self, action: str | None = None) -> None:
        """Stops one class, or everything."""
        if action is None:
            self._all = True
        else:
            self._actions.add(action)

    def reset(self, action: str | None = None) -> None:
        """Lets it go on. Without a class, what single classes were stopped by stays."""
        if action is None:
            self._all = False
        else:
            self._actions.discard(action)

    def is_tripped(self, action: str | None = None) -> bool:
        """Whether everything is stopped, or this class is."""
        return self._all or (action is not None and action in self._actions)
