"""Placet stands between software that acts on its own and the actions it takes.

For every action it answers allow, require approval or block; it holds an action until a person signs
off on exactly that; and it keeps a record that nobody can alter unnoticed.

    from placet import Guard

    guard = Guard("policy.toml", ask="terminal")
    result = guard.execute("issue_refund", {"order": "o-1", "amount": "42.00"}, run_tool)
"""

from __future__ import annotations

from ._ask import ApprovalRequest, Callback, Refusal, SignOff, Terminal
from ._classify import Classification, classify
from ._context import carry, current_context, observe, observing
from ._core import ActionRequest, Approval, Decision, Finding
from ._denied import ActionDenied
from ._errors import (
    Blocked,
    Changed,
    ConfigError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    Missing,
    NotApproved,
    PlacetError,
    ReviewPending,
    SignoffRequired,
    TooMany,
    Unauthorized,
    Unavailable,
)
from ._guard import Guard
from ._module import configure, current, guarded, supervised
from ._policy import ActionClass, ApprovalTerms, EvalMetrics, GraduationThresholds, TrustPolicy
from ._protocols import (
    ApprovalStore,
    AuditEntry,
    AuditSink,
    KillSwitch,
    KillSwitchSource,
    MetricsProvider,
)
from ._signoff import SignoffGatedRecord, signoff_gated
from ._types import AutonomyState, Mode, OnReview, ResolveOutcome, RiskTier, Status, Verdict

__version__ = "0.1.0"
