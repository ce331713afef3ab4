"""The value in place of an exception: a call that was not made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ._errors import Blocked, ReviewPending
from ._types import Status

if TYPE_CHECKING:
    from ._denied import ActionDenied


def _denied(tool: str, stopped: Blocked | ReviewPending) -> ActionDenied:
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


def or_denied(tool: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (Blocked, ReviewPending) as stopped:
        return _denied(tool, stopped)


async def aor_denied(tool: str, call: Awaitable[Any]) -> Any:
    try:
        return await call
    except (Blocked, ReviewPending) as stopped:
        return _denied(tool, stopped)
