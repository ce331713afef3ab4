"""Kill switches, and what classes have earned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from . import _given
from ._step import Step
from ._types import AutonomyState

if TYPE_CHECKING:
    from ._drive import Carrier
    from ._settings import Settings


class Switches:
    """The part of a guard that is about whole classes of actions."""

    _carrier: Carrier
    _settings: Settings

    def trip(self, scope: str, reason: str, *, by: str | None = None) -> None:
        """Trips a kill switch: ``all``, ``tenant:T``, ``agent:A`` or ``tool:N``. It lasts."""
        self._carrier.do(Step("trip", body=_switching(scope, reason, by)))

    def reset(self, scope: str, reason: str, *, by: str | None = None) -> None:
        """Resets a kill switch."""
        self._carrier.do(Step("reset", body=_switching(scope, reason, by)))

    def switches(self) -> list[str]:
        """The scopes of the kill switches that are tripped."""
        listed = self._carrier.do(Step("switches"))["switches"]
        return [switch["scope"] for switch in listed]

    def report(
        self,
        action_class: str,
        *,
        source: str,
        passed: int,
        failed: int,
        adversarial: bool = False,
        tenant: str | None = None,
        build: str | None = None,
    ) -> AutonomyState | None:
        """Takes in evidence about a class; gives the state to which it stepped up or down, if any."""
        evidence = {
            "class": _given.name("action_class", action_class),
            "source": _given.name("source", source),
            "adversarial": _given.flag("adversarial", adversarial),
            "passed": _given.count("passed", passed),
            "failed": _given.count("failed", failed),
            "tenant": _given.tenant(self._settings.tenant if tenant is None else tenant),
            "build": None if build is None else _given.name("build", build),
        }
        present = {name: value for name, value in evidence.items() if value is not None}
        told = self._carrier.do(Step("report", body={"evidence": present}))
        step = told.get("step")
        return AutonomyState[str(step["to"]).upper()] if step else None

    def autonomy(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """Where each class stands on its ladder, and what it lacks for the next step: for one tenant,
        also before anything is known of it, or for all that have evidence. At a daemon the key of a tenant
        sees its own, and asked for another it raises :class:`~placet.Forbidden`."""
        of = _given.tenant(tenant)
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            told = self._carrier.do(Step("autonomy", body={"tenant": of, "after": after}))
            rows += cast("list[dict[str, Any]]", told["classes"])
            after = told.get("next")
            if after is None:
                break
        # A daemon leaves out what is none.
        return [_whole(row) for row in rows]


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """A row that names the build also where the class stands there whatever the build."""
    return {"tenant": row["tenant"], "class": row["class"], "build": row.get("build"), **row}


def _switching(scope: Any, reason: Any, by: Any) -> dict[str, Any]:
    """What is said to trip or reset a switch."""
    return {
        "scope": _given.scope(scope),
        "reason": _given.text("reason", reason),
        "by": None if by is None else _given.name("by", by),
    }
