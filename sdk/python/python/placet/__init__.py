"""Placet stands between software that acts on its own and the actions it takes.

For every action it answers allow, require approval or block; it holds an action until a person signs
off on exactly that; and it keeps a record that nobody can alter unnoticed.

    from placet import Guard

    guard = Guard("policy.toml", ask="terminal")
    result = guard.execute("issue_refund", {"order": "o-1", "amount": "42.00"}, run_tool)
"""

from __future__ import annotations

from importlib import import_module

from ._alone import check

check()

__version__ = "0.1.0"

_HOMES = {
    "_ask": "Callback Terminal",
    "_classify": "Classification classify",
    "_context": "carry current_context observe observing",
    "_core": "ActionRequest Approval Decision Finding",
    "_denied": "ActionDenied",
    "_errors": (
        "Blocked Changed ConfigError Conflict Forbidden Gone Invalid Missing NotApproved "
        "PlacetError ReviewPending SignoffRequired TooMany Unauthorized Unavailable"
    ),
    "_gated": "SignoffGatedRecord",
    "_guard": "Guard",
    "_held": "ApprovalRequest Refusal SignOff",
    "_module": "configure current guarded supervised unconfigure",
    "_policy": "ActionClass ApprovalTerms Budget EvalMetrics GraduationThresholds TrustPolicy",
    "_protocols": "ApprovalStore AuditEntry AuditSink KillSwitch KillSwitchSource MetricsProvider",
    "_signoff": "is_signed_off signoff_gated",
    "_types": "AutonomyState Mode OnReview ResolveOutcome RiskTier Status Verdict",
}
"""Where each name is at home. A module is loaded with the first of its names, so that importing the
package costs next to nothing. Type checkers read ``__init__.pyi``."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = tuple(sorted(_HOME_OF))  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
