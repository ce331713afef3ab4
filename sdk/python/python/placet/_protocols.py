"""What a program may bring of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ._errors import Invalid
from ._given import flag, text
from ._home import at_home

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeAlias

    from ._held import ApprovalRequest, Refusal, SignOff
    from ._core import ActionRequest, Decision
    from ._policy import EvalMetrics
    from ._types import Status

    Metrics: TypeAlias = "MetricsProvider | TenantMetricsProvider"


def _now() -> datetime:
    return datetime.now(timezone.utc)


@runtime_checkable
class MetricsProvider(Protocol):
    """Knows how a class does in evaluations that the program keeps itself."""

    def metrics_for(self, action: str) -> EvalMetrics:
        """How the class does. Rates lie between 0 and 1."""
        ...


@runtime_checkable
class TenantMetricsProvider(Protocol):
    """The same for each tenant."""

    def metrics_for(self, action: str, *, tenant: str) -> EvalMetrics:
        """How the class does for a tenant. Rates lie between 0 and 1."""
        ...


@runtime_checkable
class KillSwitchSource(Protocol):
    """Knows whether the program itself has stopped a class, or everything."""

    def is_tripped(self, action: str | None = None) -> bool:
        """Whether it is stopped. Only ``True`` and ``False`` are answers."""
        ...


@dataclass(frozen=True)
class AuditEntry:
    """What was decided on a request, and what became of it."""

    request: ActionRequest
    decision: Decision
    approved: bool | None
    """None where no person was asked."""
    executed: bool
    idempotency_key: str | None = None
    timestamp: datetime = field(default_factory=_now)
    """When it became of it; now, where it is left out."""
    error: str | None = None

    def __post_init__(self) -> None:
        from ._core import ActionRequest, Decision

        _of(self.request, "request", ActionRequest)
        _of(self.decision, "decision", Decision)
        if self.approved is not None:
            flag("approved", self.approved)
        flag("executed", self.executed)
        if self.idempotency_key is not None:
            text("idempotency_key", self.idempotency_key)
        _of(self.timestamp, "timestamp", datetime)
        if self.timestamp.utcoffset() is None:
            why = "timestamp has no time zone; write datetime.now(timezone.utc)"
            raise Invalid(why, pointer="/timestamp")
        if self.error is not None:
            # What an exception says may hold what cannot be written down, and is recorded readably.
            _of(self.error, "error", str)


def _of(value: object, name: str, kind: type) -> None:
    if not isinstance(value, kind):
        why = f"{name} is of {kind.__name__}, not {type(value).__name__}"
        raise Invalid(why, pointer=f"/{name}")


@runtime_checkable
class AuditSink(Protocol):
    """Keeps a record besides the log."""

    def record(self, entry: AuditEntry) -> None | Awaitable[None]:
        """Keeps an entry. Raises where it cannot."""


@runtime_checkable
class ApprovalStore(Protocol):
    """Keeps what waits for people in a place of the program's own: a table, a ticket, a chat.

    It is a mirror; the log stays the truth. An answer from it counts as far as any other answer
    does, and what it raises, or gives that is no answer, is said in the program's own log and
    answers nothing. Its methods are called on the thread, or the event loop, that waits, so they
    return at once.
    """

    def put(self, request: ApprovalRequest) -> None:
        """Takes in what waits now."""

    def answer(self, request_id: str) -> bool | SignOff | Refusal | None:
        """What people have answered; None as long as they have not."""

    def ended(self, request_id: str, status: Status) -> None:
        """Hears that it waits no more, and what became of it."""


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


at_home(ApprovalStore, AuditSink, KillSwitch, KillSwitchSource, MetricsProvider)
