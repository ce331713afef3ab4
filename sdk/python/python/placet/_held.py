"""A held action as people see it, and what they say to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._fixed import fix, fixed
from ._shape import is_mapping
from ._types import RiskTier


@dataclass(frozen=True)
class ApprovalRequest:
    """A held action as the person sees it who is asked: what was frozen, and nothing else."""

    request_id: str
    action_id: str
    tool: str
    params: Mapping[str, Any]
    risk: RiskTier | None
    reasons: tuple[str, ...]
    deadline: str
    timestamp: str | None
    quorum: int
    fields: tuple[str, ...]
    agent_id: str | None = None
    session_id: str | None = None
    user: str | None = None
    tenant_id: str = "default"
    reason: str | None = None
    """The agent's own explanation: a claim."""
    evidence: tuple[Mapping[str, Any], ...] = ()
    signed: tuple[str, ...] = ()
    _whole: Mapping[str, Any] = field(default_factory=lambda: {}, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", fixed(dict(self.params)))
        object.__setattr__(self, "evidence", tuple(fixed(dict(one)) for one in self.evidence))

    @classmethod
    def from_wire(cls, held: Mapping[str, Any]) -> ApprovalRequest:
        """Reads a held action in the shape of the wire."""
        decision: Mapping[str, Any] = held["decision"]
        action: Mapping[str, Any] = held.get("action") or {}
        inspected: Mapping[str, Any] = held.get("evidence") or {}
        approval = decision["approval"]
        strictest = [
            found["reason"] for found in decision["findings"] if found["verdict"] != "allow"
        ]
        return cls(
            request_id=approval["id"],
            action_id=decision["id"],
            tool=action.get("tool", ""),
            params=action.get("params") or {},
            risk=RiskTier(decision["risk"]) if decision.get("risk") else None,
            reasons=tuple(strictest),
            deadline=approval["deadline"],
            timestamp=decision.get("at"),
            quorum=approval["quorum"],
            fields=tuple(approval["fields"]),
            agent_id=action.get("agent"),
            session_id=action.get("session"),
            user=action.get("user"),
            tenant_id=action.get("tenant", "default"),
            reason=action.get("reason"),
            evidence=tuple(inspected.get("evidence", ())),
            signed=tuple(held.get("signed", ())),
            _whole=held,
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as a plain dict, for a page or a message."""
        whole: dict[str, Any] = json.loads(json.dumps(self._whole))
        return whole


@dataclass(frozen=True)
class SignOff:
    """A person's yes: who, what they write where the approval asks for it, other params if any."""

    person: str
    statements: Mapping[str, str] = field(default_factory=lambda: {})
    params: Mapping[str, Any] | None = None
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fix(self, "statements")
        if is_mapping(self.params):
            object.__setattr__(self, "params", fixed(dict(self.params)))


@dataclass(frozen=True)
class Refusal:
    """A person's no, and why: the agent is told."""

    person: str
    reason: str
