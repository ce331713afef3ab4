"""What a program brings of its own. In what is recorded it can only make decisions stricter.

Whatever raises, or gives what is no answer, is a finding that says so, and never an allow.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from ._errors import ConfigError
from ._policy import EvalMetrics
from ._protocols import AuditEntry, AuditSink, KillSwitchSource, MetricsProvider
from ._say import warn

Rates = tuple[float, float, int]


@dataclass(frozen=True)
class Objection:
    """A finding of the program itself."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Program:
    """The program's own metrics, audit sink and kill switch."""

    metrics: MetricsProvider | None = None
    audit: AuditSink | None = None
    kill_switch: KillSwitchSource | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it has nothing to say about decisions."""
        return self.metrics is None and self.kill_switch is None

    def objections(self, action: str) -> tuple[Objection, ...]:
        """What the program itself has against an action."""
        if self.kill_switch is None:
            return ()
        try:
            tripped: Any = self.kill_switch.is_tripped(action)
        except Exception as error:
            return (_failed("kill switch", error),)
        if tripped is False:
            return ()
        if tripped is True:
            return (Objection("block", "the program's own kill switch is tripped"),)
        return (_wrong("kill switch", tripped, "True or False"),)

    def rates(self, action: str) -> tuple[Rates | None, tuple[Objection, ...]]:
        """What the program's metrics say about a class."""
        if self.metrics is None:
            return None, ()
        try:
            given: Any = self.metrics.metrics_for(action)
        except Exception as error:
            return None, (_failed("metrics provider", error),)
        if not isinstance(given, EvalMetrics):
            return None, (_wrong("metrics provider", given, "EvalMetrics"),)
        rates = (given.pass_rate, given.adversarial_pass_rate, given.sample_size)
        is_sound = all(isinstance(rate, (int, float)) and 0 <= rate <= 1 for rate in rates[:2])
        if not is_sound or type(rates[2]) is not int or not 0 <= rates[2] < 2**63:
            return None, (Objection("block", "the metrics provider gave rates outside 0 to 1, or no count"),)
        return (float(rates[0]), float(rates[1]), rates[2]), ()

    def sink(self, entry: AuditEntry) -> None:
        """Gives an entry to the audit sink. What it raises is raised."""
        if self.audit is None:
            return
        kept = self.audit.record(entry)
        if inspect.isawaitable(kept):
            close = getattr(kept, "close", None)
            if close is not None:
                close()
            raise ConfigError("the audit sink is async; use arecord, or aexecute")

    async def asink(self, entry: AuditEntry) -> None:
        """The same on the running event loop."""
        if self.audit is None:
            return
        kept = self.audit.record(entry)
        if inspect.isawaitable(kept):
            await kept


def _failed(what: str, error: Exception) -> Objection:
    warn("the program's %s failed", what, error=error)
    return Objection("block", f"the program's {what} failed with {type(error).__name__}")


def _wrong(what: str, given: Any, expected: str) -> Objection:
    name = type(given).__name__
    return Objection("block", f"the program's {what} gave {name}, which is not {expected}")
