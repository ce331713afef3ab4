"""Policies as objects. They say what a policy file says, and become one before anything is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from ._errors import ConfigError
from ._fixed import fix
from ._settings import member
from ._shape import is_mapping
from ._types import AutonomyState, Mode, OnReview, RiskTier, Verdict

if TYPE_CHECKING:
    from decimal import Decimal

K = TypeVar("K")


@dataclass(frozen=True)
class ApprovalTerms:
    """What it takes to approve an action of a class. What is left out is the policy's default."""

    quorum: int | None = None
    groups: tuple[str, ...] = ()
    deadline: str | None = None
    fields: tuple[str, ...] | None = None
    least_length: int | None = None


@dataclass(frozen=True)
class ActionClass:
    """The policy's entry for a tool, or for the tools that a pattern with ``*`` matches.

    At or below ``auto_cap`` a supervised class runs by itself; above ``hard_cap`` nothing ever runs.
    ``max_state`` is the highest state that evidence can earn. ``value`` names the param that carries
    the value, as a JSON Pointer; then nothing else can set it.
    """

    name: str
    risk: RiskTier
    auto_cap: Decimal | None = None
    hard_cap: Decimal | None = None
    max_state: AutonomyState = AutonomyState.AUTONOMOUS
    value: str | None = None
    currency: str | None = None
    aliases: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    approval: ApprovalTerms | None = None

    def __post_init__(self) -> None:
        member(RiskTier, f"{self.name}: risk", self.risk)
        _kind(AutonomyState, f"{self.name}: max_state", self.max_state)


@dataclass(frozen=True)
class Budget:
    """How much may run within a sliding window: so many calls, or calls of so much value, for each
    ``tenant``, ``agent`` or ``class``. ``over`` says what happens to a call that would exceed it."""

    window: str
    count: int | None = None
    value: Decimal | None = None
    actions: tuple[str, ...] = ()
    per: str = "agent"
    over: Verdict = Verdict.REQUIRE_APPROVAL
    name: str | None = None


@dataclass(frozen=True)
class GraduationThresholds:
    """The bar for each state above manual, by that state."""

    pass_rate: Mapping[AutonomyState, float]
    adversarial_pass_rate: Mapping[AutonomyState, float]
    min_samples: Mapping[AutonomyState, int]

    def __post_init__(self) -> None:
        for name in ("pass_rate", "adversarial_pass_rate", "min_samples"):
            fix(self, name)
            for state, bar in _items(name, getattr(self, name)):
                if _kind(AutonomyState, f"{name}: a state", state) is AutonomyState.MANUAL:
                    raise ConfigError(
                        f"{name} has a bar for manual, where every class begins; give bars for "
                        "supervised and autonomous"
                    )
                of = f"{name} for {state.word}"
                _whole(of, bar) if name == "min_samples" else _share(of, bar)


@dataclass(frozen=True)
class EvalMetrics:
    """How a class does in an evaluation that the program keeps itself."""

    pass_rate: float
    adversarial_pass_rate: float
    sample_size: int

    def __post_init__(self) -> None:
        _share("pass_rate", self.pass_rate)
        _share("adversarial_pass_rate", self.adversarial_pass_rate)
        if int(_whole("sample_size", self.sample_size)) < 0:
            raise ConfigError(f"sample_size is a number of samples, not {self.sample_size}")


@dataclass(frozen=True)
class TrustPolicy:
    """A policy. ``actions`` are its classes by their names; ``thresholds`` is what they earn by."""

    actions: Mapping[str, ActionClass]
    thresholds: GraduationThresholds | None = None
    mode: Mode = Mode.ENFORCE
    sample_percent: float | None = None
    unclassified: str = "require_approval"
    on_review: OnReview | None = None
    permissive: bool = False
    rules: str = field(default="", repr=False)
    """Cedar rules, as in a ``.cedar`` file beside a policy file."""
    kill_switch: Verdict = Verdict.BLOCK
    """What a tripped switch means: ``BLOCK`` or ``REQUIRE_APPROVAL``."""
    cool_down: str | None = None
    """How long a call that a person denied stays denied, like ``"15m"``."""
    budgets: tuple[Budget, ...] = ()

    def __post_init__(self) -> None:
        fix(self, "actions")

    def action(self, name: str) -> ActionClass:
        """The class with this name. Raises ``KeyError`` where there is none."""
        try:
            return self.actions[name]
        except KeyError:
            raise KeyError(f"unknown action class: {name!r}") from None

    def to_toml(self) -> str:
        """The policy file that says the same."""
        lines = ["version = 1"]
        lines += _said(
            ("mode", _word(Mode), self.mode),
            ("unclassified", _text, self.unclassified),
            ("sample", _percent, self.sample_percent),
            ("on_review", _word(OnReview), self.on_review),
            ("kill_switch", _stricter, _unless(self.kill_switch, Verdict.BLOCK)),
            ("cool_down", _text, self.cool_down),
            ("defaults", _text, "permissive" if self.permissive else None),
        )
        for name, entry in self.actions.items():
            _kind(ActionClass, f"the class {name!r}", entry)
            if entry.name != name:
                raise ConfigError(f"the class {entry.name!r} is listed as {name!r}; name it once")
            lines += _class(entry)
        for budget in self.budgets:
            lines += _budget(_kind(Budget, "a budget", budget))
        if self.thresholds is not None:
            lines += _graduation(_kind(GraduationThresholds, "thresholds", self.thresholds))
        return "\n".join(lines) + "\n"

    def files(self) -> list[tuple[str, str]]:
        """The names and texts of the files that say the same."""
        files = [("policy.toml", self.to_toml())]
        if self.rules:
            files.append(("rules.cedar", self.rules))
        return files


Writer = Callable[[str, Any], str]
"""Gives the TOML of a value, and an error with its name where it is none of its kind."""


def _said(*entries: tuple[str, Writer, Any], of: str = "") -> list[str]:
    """The entries that say something, as TOML writes them."""
    return [
        f"{key} = {write(of + key, value)}" for key, write, value in entries if value is not None
    ]


def _unless(value: K, default: K) -> K | None:
    """What is worth saying, because it is not what is so anyway."""
    return None if value is default else value


def _class(entry: ActionClass) -> list[str]:
    lines = ["", f"[actions.{_text('name', entry.name)}]"]
    return lines + _said(
        ("risk", _word(RiskTier), entry.risk),
        ("auto_cap", _amount, entry.auto_cap),
        ("hard_cap", _amount, entry.hard_cap),
        ("value", _text, entry.value),
        ("currency", _text, entry.currency),
        ("max_state", _state, _unless(entry.max_state, AutonomyState.AUTONOMOUS)),
        ("aliases", _texts, entry.aliases or None),
        ("secret", _texts, entry.secret or None),
        ("approval", _approval, entry.approval),
        of=f"{entry.name}: ",
    )


def _approval(name: str, terms: Any) -> str:
    of = _kind(ApprovalTerms, name, terms)
    parts = _said(
        ("quorum", _whole, of.quorum),
        ("groups", _texts, of.groups or None),
        ("deadline", _text, of.deadline),
        ("fields", _texts, of.fields),
        ("least_length", _whole, of.least_length),
        of=f"{name}: ",
    )
    return f"{{ {', '.join(parts)} }}"


def _budget(budget: Budget) -> list[str]:
    return ["", "[[budgets]]"] + _said(
        ("window", _text, budget.window),
        ("per", _text, budget.per),
        ("over", _stricter, budget.over),
        ("name", _text, budget.name),
        ("actions", _texts, budget.actions or None),
        ("count", _whole, budget.count),
        ("value", _amount, budget.value),
        of="a budget: ",
    )


def _graduation(thresholds: GraduationThresholds) -> list[str]:
    lines: list[str] = []
    for state in (AutonomyState.SUPERVISED, AutonomyState.AUTONOMOUS):
        rates = (thresholds.pass_rate, thresholds.adversarial_pass_rate, thresholds.min_samples)
        if not any(state in rate for rate in rates):
            continue
        if not all(state in rate for rate in rates):
            raise ConfigError(f"the thresholds for {state.word} are incomplete; give all three")
        pass_rate, adversarial, samples = (rate[state] for rate in rates)
        lines += ["", f"[graduation.{state.word}]"]
        lines += _said(
            ("pass_rate", _rate, pass_rate),
            ("adversarial_pass_rate", _rate, adversarial),
            ("min_samples", _whole, samples),
        )
    return lines


def stricter(name: str, value: Any) -> Verdict:
    """A verdict that stops something."""
    verdict = member(Verdict, name, value)
    if verdict is Verdict.ALLOW:
        raise ConfigError(f"{name} is block or require_approval, not {value!r}")
    return verdict


def _stricter(name: str, value: Any) -> str:
    return _text(name, stricter(name, value).value)


def _word(kind: type[Enum]) -> Writer:
    return lambda name, value: _text(name, member(kind, name, value).value)


def _state(name: str, value: Any) -> str:
    return _text(name, _kind(AutonomyState, name, value).word)


def _kind(kind: type[K], name: str, value: Any) -> K:
    if not isinstance(value, kind):
        raise ConfigError(f"{name} is of {kind.__name__}, not {type(value).__name__}")
    return value


def _amount(name: str, value: Any) -> str:
    # A float says another amount than it shows.
    if isinstance(value, (bool, float)):
        raise ConfigError(f"{name} is a Decimal, not {type(value).__name__}")
    return _text(name, _digits(value))


def _digits(value: Any) -> str:
    """An amount without an exponent: what is written in two ways is one amount."""
    from decimal import Decimal

    from ._plain import Opaque, digits

    if not isinstance(value, (Decimal, int)):
        return str(value)
    try:
        return digits(value)
    except Opaque:
        # It has too many of them, and is refused as it is.
        return str(value)


def _whole(name: str, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{name} is a whole number, not {value!r}")
    return str(value)


def _rate(name: str, value: Any) -> str:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ConfigError(f"{name} is a number, not {value!r}")
    return repr(float(value))


def _share(name: str, value: Any) -> None:
    _rate(name, value)
    # What is no number at all is not between them either.
    if not 0 <= value <= 1:
        raise ConfigError(f"{name} is a rate from 0 to 1, not {value!r}")


def _items(name: str, given: Any) -> Iterable[tuple[Any, Any]]:
    if not is_mapping(given):
        raise ConfigError(f"{name} has a bar for each state, by that state")
    return given.items()


def _percent(name: str, value: Any) -> str:
    return _text(name, f"{value}%")


_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def _text(name: str, text: Any) -> str:
    """A basic string of TOML."""
    if not isinstance(text, str):
        raise ConfigError(f"{name} is a text, not {type(text).__name__}")
    shown = (
        f"\\u{ord(sign):04x}" if ord(sign) < 0x20 or ord(sign) == 0x7F else _ESCAPES.get(sign, sign)
        for sign in text
    )
    return f'"{"".join(shown)}"'


def _texts(name: str, texts: tuple[str, ...]) -> str:
    return f"[{', '.join(_text(name, text) for text in texts)}]"
