"""What a program brings of its own. In what is recorded it can only make decisions stricter.

Whatever raises, or gives what is no answer, is a finding that says so, and never an allow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ._errors import ConfigError
from ._say import warn
from ._within import is_awaitable

if TYPE_CHECKING:
    from ._policy import EvalMetrics
    from ._protocols import AuditEntry, AuditSink, KillSwitchSource, Metrics

Rates = tuple[float, float, int]


class Objection(NamedTuple):
    """A finding of the program itself."""

    verdict: str
    reason: str


Said = tuple[Rates | None, tuple[Objection, ...]]
"""The figures, where there are any, and what is wrong with them."""


_UNREAD = object()
"""What no provider gives."""


class Source:
    """Where figures come from."""

    # What is asked at every call is a slot and no field of a tuple, which takes twice as long to read.
    __slots__ = ("_sound", "figures", "is_adversarial", "knows_tenants", "metrics")

    def __init__(
        self,
        metrics: Metrics,
        knows_tenants: bool,
        is_adversarial: bool,
        figures: type[EvalMetrics],
    ) -> None:
        self.metrics = metrics
        self.knows_tenants = knows_tenants
        """Whether it tells tenants apart."""
        self.is_adversarial = is_adversarial
        """Whether among its samples are adversarial ones."""
        self.figures = figures
        """What it has to give. A program that brings no figures need not load it."""
        self._sound: tuple[Any, Any, Any, Said] = (_UNREAD, _UNREAD, _UNREAD, (None, ()))
        """What was last found to be sound, and what was said of that."""

    def rates(self, action: str, tenant: str) -> Said:
        """What it says about a class, for a tenant where it tells them apart."""
        asked: Any = self.metrics.metrics_for
        try:
            given: Any = asked(action, tenant=tenant) if self.knows_tenants else asked(action)
        except Exception as error:
            return None, (_failed("metrics provider", error),)
        figures = self.figures
        if type(given) is not figures and not isinstance(given, figures):
            return None, (_wrong("metrics provider", given, "EvalMetrics"),)
        # Whatever their types say.
        passed: Any = given.pass_rate
        resisted: Any = given.adversarial_pass_rate
        samples: Any = given.sample_size
        # Many ask at every call, and mostly get the very numbers that they got before; no number
        # becomes another one.
        one, other, many, said = self._sound
        if passed is one and resisted is other and samples is many:
            return said
        if type(passed) is float and type(resisted) is float and type(samples) is int:
            if 0.0 <= passed <= 1.0 and 0.0 <= resisted <= 1.0 and 0 <= samples < 2**63:
                said = (passed, resisted, samples), ()
                self._sound = passed, resisted, samples, said
                return said
        is_sound = _is_rate(passed) and _is_rate(resisted)
        if not is_sound or type(samples) is not int or not 0 <= samples < 2**63:
            why = "the metrics provider gave rates outside 0 to 1, or no count"
            return None, (Objection("block", why),)
        return (float(passed), float(resisted), samples), ()


class Program:
    """The program's own metrics, audit sink and kill switch."""

    __slots__ = ("audit", "kill_switch", "knows_tenants", "rates", "sources", "tripped")

    def __init__(
        self,
        sources: tuple[Source, ...] = (),
        audit: AuditSink | None = None,
        kill_switch: KillSwitchSource | None = None,
        tripped: str = "block",
    ) -> None:
        self.sources = sources
        """Where the program's own figures come from."""
        self.audit = audit
        self.kill_switch = kill_switch
        self.tripped = tripped
        """What it means that the switch is tripped: ``block`` or ``require_approval``."""
        self.knows_tenants = any(source.knows_tenants for source in sources)
        """Whether any of its figures are those of a tenant."""
        self.rates: Callable[[str, str], Said] = _rates_of(sources)
        """What the program's metrics say about a class, for a tenant where they tell them apart."""

    def objections(self, action: str, tenant: str = "default") -> tuple[Objection, ...]:
        """What the program itself has against an action: that its switch is tripped, and whatever of
        it does not work. Its figures do not count, because what is recorded earns by evidence."""
        _, wrong = self.rates(action, tenant)
        return (*wrong, *self.stops(action))

    def stops(self, action: str) -> tuple[Objection, ...]:
        """What the program's own switch has against an action."""
        if self.kill_switch is None:
            return ()
        try:
            tripped: Any = self.kill_switch.is_tripped(action)
        except Exception as error:
            return (_failed("kill switch", error),)
        if tripped is False:
            return ()
        if tripped is True:
            return (Objection(self.tripped, "the program's own kill switch is tripped"),)
        return (_wrong("kill switch", tripped, "True or False"),)

    def sink(self, entry: AuditEntry) -> None:
        """Gives an entry to the audit sink. What it raises is raised."""
        if self.audit is None:
            return
        kept = self.audit.record(entry)
        if is_awaitable(kept):
            close = getattr(kept, "close", None)
            if close is not None:
                close()
            raise ConfigError("the audit sink is async; use arecord, or aexecute")

    async def asink(self, entry: AuditEntry) -> None:
        """The same on the running event loop."""
        if self.audit is None:
            return
        kept = self.audit.record(entry)
        if is_awaitable(kept):
            await kept


def _rates_of(sources: tuple[Source, ...]) -> Callable[[str, str], Said]:
    """What says what all sources do. Most programs have one, which then says it itself."""
    if len(sources) == 1 and sources[0].is_adversarial:
        return sources[0].rates
    return functools.partial(_met_by_each, sources) if sources else _no_rates


def _no_rates(_action: str, _tenant: str) -> Said:
    return None, ()


def _met_by_each(sources: tuple[Source, ...], action: str, tenant: str) -> Said:
    """What each of several sources meets."""
    read: list[Rates] = []
    for source in sources:
        rates, wrong = source.rates(action, tenant)
        if rates is None:
            return None, wrong
        read.append(rates)
    # What has no adversarial samples is not held to their bar, but somebody has to have some.
    resisted = [rates[1] for rates, of in zip(read, sources, strict=True) if of.is_adversarial]
    passed, _, samples = zip(*read, strict=True)
    return (min(passed), min(resisted, default=0.0), min(samples)), ()


def source_of(metrics: Metrics) -> Source:
    """A provider, and what it says of itself by its parameters and its attribute ``adversarial``."""
    import inspect

    from ._policy import EvalMetrics

    is_adversarial: Any = getattr(metrics, "adversarial", True)
    if is_adversarial is not True and is_adversarial is not False:
        raise ConfigError(f"metrics: adversarial is True or False, not {is_adversarial!r}")
    try:
        parameters = inspect.signature(metrics.metrics_for).parameters
    except (TypeError, ValueError):
        return Source(metrics, False, is_adversarial, EvalMetrics)
    named = parameters.get("tenant")
    takes_it = named is not None and named.kind is not named.POSITIONAL_ONLY
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return Source(metrics, takes_it or takes_any, is_adversarial, EvalMetrics)


def _is_rate(value: Any) -> bool:
    # True is a number to Python, and none to anybody else.
    is_number = type(value) is float or (
        isinstance(value, (int, float)) and not isinstance(value, bool)
    )
    return is_number and 0 <= value <= 1


def _failed(what: str, error: Exception) -> Objection:
    warn("the program's %s failed", what, error=error)
    return Objection("block", f"the program's {what} failed with {type(error).__name__}")


def _wrong(what: str, given: Any, expected: str) -> Objection:
    name = type(given).__name__
    return Objection("block", f"the program's {what} gave {name}, which is not {expected}")
