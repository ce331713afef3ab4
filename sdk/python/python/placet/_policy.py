"""Policies as objects. They say what a policy file says, and become one before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._errors import ConfigError
from ._types import AutonomyState, Mode, OnReview, RiskTier

if TYPE_CHECKING:
    from decimal import Decimal


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
class GraduationThresholds:
    """The bar for each state above manual, by that state."""

    pass_rate: Mapping[AutonomyState, float]
    adversarial_pass_rate: Mapping[AutonomyState, float]
    min_samples: Mapping[AutonomyState, int]


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
            f"mode = {_text(Mode(self.mode).value)}",
            f"unclassified = {_text(self.unclassified)}",
        ]
        if self.sample_percent is not None:
            lines.append(f"sample = {_text(f'{self.sample_percent}%')}")
        if self.on_review is not None:
            lines.append(f"on_review = {_text(OnReview(self.on_review).value)}")
        if self.permissive:
            lines.append('defaults = "permissive"')
        for name, entry in self.actions.items():
            if entry.name != name:
                raise ConfigError(f"the class {entry.name!r} is listed as {name!r}; name it once")
            lines += _class(entry)
        if self.thresholds is not None:
            lines += _graduation(self.thresholds)
        return "\n".join(lines) + "\n"

    def files(self) -> list[tuple[str, str]]:
        """The names and texts of the files that say the same."""
        files = [("policy.toml", self.to_toml())]
        if self.rules:
            files.append(("rules.cedar", self.rules))
        return files


def _class(entry: ActionClass) -> list[str]:
    lines = ["", f"[actions.{_text(entry.name)}]", f"risk = {_text(RiskTier(entry.risk).value)}"]
    for key, cap in (("auto_cap", entry.auto_cap), ("hard_cap", entry.hard_cap)):
        if cap is not None:
            # A float says another amount than it shows.
            if isinstance(cap, (bool, float)):
                raise ConfigError(f"{entry.name}: {key} is a Decimal, not {type(cap).__name__}")
            lines.append(f"{key} = {_text(str(cap))}")
    for key, text in (("value", entry.value), ("currency", entry.currency)):
        if text is not None:
            lines.append(f"{key} = {_text(text)}")
    if entry.max_state != AutonomyState.AUTONOMOUS:
        lines.append(f"max_state = {_text(AutonomyState(entry.max_state).word)}")
    for key, texts in (("aliases", entry.aliases), ("secret", entry.secret)):
        if texts:
            lines.append(f"{key} = {_texts(texts)}")
    if entry.approval is not None:
        lines.append(f"approval = {{ {', '.join(_approval(entry.approval))} }}")
    return lines


def _approval(terms: ApprovalTerms) -> list[str]:
    parts: list[str] = []
    if terms.quorum is not None:
        parts.append(f"quorum = {int(terms.quorum)}")
    if terms.groups:
        parts.append(f"groups = {_texts(terms.groups)}")
    if terms.deadline is not None:
        parts.append(f"deadline = {_text(terms.deadline)}")
    if terms.fields is not None:
        parts.append(f"fields = {_texts(terms.fields)}")
    if terms.least_length is not None:
        parts.append(f"least_length = {int(terms.least_length)}")
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
        lines.append(f"pass_rate = {float(thresholds.pass_rate[state])!r}")
        lines.append(f"adversarial_pass_rate = {float(thresholds.adversarial_pass_rate[state])!r}")
        lines.append(f"min_samples = {int(thresholds.min_samples[state])}")
    return lines


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
