"""The value in place of an exception: a call that was not made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ._errors import Blocked, ReviewPending
from ._types import Status

if TYPE_CHECKING:
    from ._arguments import Captured
    from ._denied import ActionDenied


class _Attempt:
    """A call that remembers whether it was made. What it raises then is its own, and says nothing of
    this action: not even where it is the refusal of another one."""

    def __init__(self, captured: Captured) -> None:
        self._call = captured.call
        self.captured = captured._replace(call=self._made)
        self.is_made = False

    def _made(self, arguments: Any) -> Any:
        self.is_made = True
        return self._call(arguments)

    def denied(self, tool: str, stopped: Blocked | ReviewPending) -> ActionDenied:
        """The value for what stopped it."""
        from ._denied import ActionDenied

        status = getattr(stopped, "status", None)
        if isinstance(stopped, ReviewPending):
            status = Status.PENDING
        return ActionDenied(
            tool=tool,
            reason="; ".join(stopped.reasons) or str(stopped),
            action_id=stopped.action_id,
            status=status or Status.BLOCKED,
            decision=stopped.decision,
        )


def or_denied(tool: str, captured: Captured, call: Callable[[Captured], Any]) -> Any:
    """What a call gives, or the value in place of what stopped it before it was made."""
    attempt = _Attempt(captured)
    try:
        return call(attempt.captured)
    except (Blocked, ReviewPending) as stopped:
        if attempt.is_made:
            raise
        return attempt.denied(tool, stopped)


async def aor_denied(
    tool: str, captured: Captured, call: Callable[[Captured], Awaitable[Any]]
) -> Any:
    """The same on the running event loop."""
    attempt = _Attempt(captured)
    try:
        return await call(attempt.captured)
    except (Blocked, ReviewPending) as stopped:
        if attempt.is_made:
            raise
        return attempt.denied(tool, stopped)
