"""The words of Placet, as enums. Each member's value is the word used on the wire."""

from __future__ import annotations

from enum import Enum, IntEnum

from ._home import at_home


class Verdict(Enum):
    """The answer to "may this be done?". What a caller must obey."""

    ALLOW = "allow"
    REQUIRE_APPROVAL = "require_approval"
    BLOCK = "block"


class Mode(Enum):
    """Whether decisions bind."""

    SHADOW = "shadow"
    SAMPLE = "sample"
    ENFORCE = "enforce"


class RiskTier(Enum):
    """How much harm a class of actions can do."""

    READ = "read"
    REVERSIBLE_WRITE = "reversible_write"
    CONSEQUENTIAL = "consequential"


class AutonomyState(IntEnum):
    """What a class has earned. More is more autonomy, so states can be compared."""

    MANUAL = 0
    SUPERVISED = 1
    AUTONOMOUS = 2

    @property
    def word(self) -> str:
        """The word used on the wire."""
        return self.name.lower()


class OnReview(Enum):
    """What a call does when its action has to wait for people."""

    BLOCK = "block"
    """Wait until people have answered, at most until the deadline. No answer is a no."""

    FAIL_CLOSED = "fail_closed"
    """Return at once; the approval can be followed later."""

    FAIL_OPEN = "fail_open"
    """Run without waiting. Only where the policy permits it."""

    SHADOW = "shadow"
    """Nothing stops it. Only where the policy permits it."""


class Status(Enum):
    """What became of an action."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    VOIDED = "voided"
    REDEEMED = "redeemed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REVERSED = "reversed"
    INDETERMINATE = "indeterminate"


class ResolveOutcome(Enum):
    """What an answer to a held action led to. The first answer wins, and is true; what came too
    late, or to nothing, is false wherever truth is asked."""

    RESOLVED = "resolved"
    ALREADY_RESOLVED = "already_resolved"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        return self is ResolveOutcome.RESOLVED


at_home(AutonomyState, Mode, OnReview, ResolveOutcome, RiskTier, Status, Verdict)
