"""What a call does, whatever it is called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._core import classify as _classify
from ._fixed import fixed
from ._types import RiskTier


@dataclass(frozen=True)
class Classification:
    """What inspection finds in a call, and the risk that this suggests."""

    tool: str
    risk: RiskTier
    confidence: str
    """``proven``, ``likely`` or ``unknown``."""
    effects: tuple[str, ...]
    evidence: tuple[Mapping[str, Any], ...]

    @property
    def is_read(self) -> bool:
        """Whether it is proven to be only a read."""
        return self.risk is RiskTier.READ


def classify(
    tool: str,
    params: Mapping[str, Any] | None = None,
    *,
    annotations: Mapping[str, bool] | None = None,
    trusted: bool = False,
) -> Classification:
    """Says what a call does, with the evidence for it. Nothing is decided: a policy may know better.

    ``annotations`` are what an MCP server says about the tool; they count against it, and for it
    only where ``trusted``.
    """
    hints = None
    if annotations is not None:
        names = ("readOnlyHint", "destructiveHint", "openWorldHint")
        hints = (annotations.get(names[0]), annotations.get(names[1]), annotations.get(names[2]))
    given = None if params is None else dict(params)
    found = json.loads(_classify(tool, given, hints, trusted))
    evidence = tuple(map(fixed, found.get("evidence", ())))
    return Classification(
        tool=found["tool"],
        risk=RiskTier(found["risk"]),
        confidence=found["confidence"],
        effects=tuple(dict.fromkeys(one["effect"] for one in evidence)),
        evidence=evidence,
    )
