"""What a call returns when its action was not done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ._core import Decision
from ._types import Status


@dataclass(frozen=True)
class ActionDenied:
    """The action was not done. A value and not an exception, and false wherever truth is asked.

    ``reason`` says why, in the words of the person who said no, where one did. A denied call is not
    to be tried again: for a while it stays denied whoever asks.
    """

    tool: str
    reason: str
    action_id: str | None = None
    status: Status | None = None
    decision: Decision | None = None

    def __bool__(self) -> Literal[False]:
        return False

    @property
    def request_id(self) -> str | None:
        """The id of the approval that was asked for, where one was."""
        if self.decision is None or self.decision.approval is None:
            return None
        return self.decision.approval.id

    def to_dict(self) -> dict[str, Any]:
        """The same as a plain dict: what an agent is told in place of a result."""
        return {
            "denied": True,
            "tool": self.tool,
            "reason": self.reason,
            "status": None if self.status is None else self.status.value,
            "action_id": self.action_id,
            "request_id": self.request_id,
        }

    def __str__(self) -> str:
        return self.reason
