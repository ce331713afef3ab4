"""Policies as objects. They say what a policy file says, and become one before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ._errors import ConfigError
from ._fixed import fix
from ._settings import member
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


@dataclass(frozen=True)
class EvalMetrics:
    """How a class does in an evaluation that the program keeps itself."""

    pass_rate: float
    adversarial_pass_rate: float
    sample_size: int


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
        lines = [
            "version = 1",
            f"mode = {_text(member(Mode, 'mode', self.mode).value)}",
            f"unclassified = {_text(self.unclassified)}",
        ]
        if self.sample_percent is not None:
            lines.append(f"sample = {_text(f'{self.sample_percent}%')}")
        if self.on_review is not None:
            lines.append(f"on_review = {_text(member(OnReview, 'on_review', self.on_review).value)}")
        if stricter("kill_switch", self.kill_switch) is not Verdict.BLOCK:
            lines.append(f"kill_switch = {_text(Verdict.REQUIRE_APPROVAL.value)}")
        if self.cool_down is not None:
            lines.append(f"cool_down = {_text(self.cool_down)}")
        if self.permissive:
            lines.append('defaults = "permissive"')
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


def _class(entry: ActionClass) -> list[str]:
    lines = ["", f"[actions.{_text(entry.name)}]", f"risk = {_text(_risk(entry))}"]
    for key, cap in (("auto_cap", entry.auto_cap), ("hard_cap", entry.hard_cap)):
        if cap is not None:
            lines.append(f"{key} = {_amount(f'{entry.name}: {key}', cap)}")
    for key, text in (("value", entry.value), ("currency", entry.currency)):
        if text is not None:
            lines.append(f"{key} = {_text(text)}")
    max_state = _kind(AutonomyState, f"{entry.name}: max_state", entry.max_state)
    if max_state is not AutonomyState.AUTONOMOUS:
        lines.append(f"max_state = {_text(max_state.word)}")
    for key, texts in (("aliases", entry.aliases), ("secret", entry.secret)):
        if texts:
            lines.append(f"{key} = {_texts(texts)}")
    if entry.approval is not None:
        lines.append(f"approval = {{ {', '.join(_approval(entry.approval))} }}")
    return lines


def _risk(entry: ActionClass) -> str:
    return member(RiskTier, f"{entry.name}: risk", entry.risk).value


def _budget(budget: Budget) -> list[str]:
    lines = ["", "[[budgets]]", f"window = {_text(budget.window)}", f"per = {_text(budget.per)}"]
    lines.append(f"over = {_text(stricter('over', budget.over).value)}")
    if budget.name is not None:
        lines.append(f"name = {_text(budget.name)}")
    if budget.actions:
        lines.append(f"actions = {_texts(budget.actions)}")
    if budget.count is not None:
        lines.append(f"count = {_whole('count', budget.count)}")
    if budget.value is not None:
        lines.append(f"value = {_amount('value', budget.value)}")
    return lines


def stricter(name: str, value: Any) -> Verdict:
    """A verdict that stops something."""
    verdict = member(Verdict, name, value)
    if verdict is Verdict.ALLOW:
        raise ConfigError(f"{name} is block or require_approval, not {value!r}")
    return verdict


def _approval(terms: ApprovalTerms) -> list[str]:
    parts: list[str] = []
    if terms.quorum is not None:
        parts.append(f"quorum = {_whole('quorum', terms.quorum)}")
    if terms.groups:
        parts.append(f"groups = {_texts(terms.groups)}")
    if terms.deadline is not None:
        parts.append(f"deadline = {_text(terms.deadline)}")
    if terms.fields is not None:
        parts.append(f"fields = {_texts(terms.fields)}")
    if terms.least_length is not None:
        parts.append(f"least_length = {_whole('least_length', terms.least_length)}")
    return parts


def _graduation(thresholds: GraduationThresholds) -> list[str]:
    lines: list[str] = []
    for state in (AutonomyState.SUPERVISED, AutonomyState.AUTONOMOUS):
        rates = (thresholds.pass_rate, thresholds.adversarial_pass_rate, thresholds.min_samples)
        if not any(state in rate for rate in rates):
            continue
        if not all(state in rate for rate in rates):
            raise ConfigError(f"the thresholds for {state.word} are incomplete; give all three")
        lines += ["", f"[graduation.{state.word}]"]
        pass_rate, adversarial, samples = (rate[state] for rate in rates)
        lines.append(f"pass_rate = {_rate('pass_rate', pass_rate)!r}")
        lines.append(f"adversarial_pass_rate = {_rate('adversarial_pass_rate', adversarial)!r}")
        lines.append(f"min_samples = {_whole('min_samples', samples)}")
    return lines


def _kind(kind: type[K], name: str, value: Any) -> K:
    if not isinstance(value, kind):
        raise ConfigError(f"{name} is of {kind.__name__}, not {type(value).__name__}")
    return value


def _amount(name: str, value: Any) -> str:
    # A float says another amount than it shows.
    if isinstance(value, (bool, float)):
        raise ConfigError(f"{name} is a Decimal, not {type(value).__name__}")
    return _text(str(value))


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{name} is a whole number, not {value!r}")
    return value


def _rate(name: str, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ConfigError(f"{name} is a number, not {value!r}")
    return float(value)


_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def _text(text: Any) -> str:
    """A basic string of TOML."""
    if not isinstance(text, str):
        raise ConfigError(f"a text is expected, not {type(text).__name__}")
    shown = (
        f"\\u{ord(sign):04x}" if ord(sign) < 0x20 or ord(sign) == 0x7F else _ESCAPES.get(sign, sign)
        for sign in text
    )
    return f'"{"".join(shown)}"'


def _texts(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(_text(text) for text in texts)}]"
