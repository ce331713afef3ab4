"""Deciding without running: what a program does that runs its actions itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ._context import fields as fields_of_context
from ._core import ActionRequest
from ._drive import arun, nothing, run
from ._ending import quotes, without_secrets
from ._errors import Invalid
from ._given import why_no_text
from ._local import Local
from ._sample import is_enforced
from ._step import Step, Steps, Way, conclusion
from ._quoted import LEFT_OUT, readable
from ._steps import propose as steps_of_proposing
from ._steps import tightened
from ._types import Mode, Verdict
from ._unfrozen import noted, refused

if TYPE_CHECKING:
    from ._core import Decision
    from ._drive import Carrier
    from ._mirror import Mirror
    from ._program import Objection, Program, Rates
    from ._protocols import AuditEntry
    from ._settings import Settings


class Deciding:
    """The part of a guard that decides."""

    _carrier: Carrier
    _mirror: Mirror | None
    _program: Program
    _settings: Settings
    _is_moded: bool
    """Whether the settings have a mode of their own."""

    def evaluate(self, action: ActionRequest | str, **fields: Any) -> Decision:
        """Decides without recording anything, and without permitting it. So what cannot be written down
        is only refused, with ``ValueError``; :meth:`propose` puts it on record too."""
        request = action if type(action) is ActionRequest and not fields else None
        if request is None:
            request = self._request(action, fields)
        if self._is_moded:
            request = self._held(request)
        carrier, program = self._carrier, self._program
        rates: Rates | None = None
        objections: tuple[Objection, ...] = ()
        if program.sources:
            tenant = request.tenant_id if program.knows_tenants else "default"
            rates, objections = program.rates(request.action, tenant)
        if type(carrier) is Local:
            decision = carrier.engine.evaluate(request, rates)
        else:
            decision = cast("Decision", carrier.do(Step("evaluate", request)))
        if program.kill_switch is not None:
            objections = (*objections, *program.stops(request.action))
        return tightened(decision, objections) if objections else decision

    def propose(self, action: ActionRequest | str, **fields: Any) -> Decision:
        """Decides and records the decision. Where it is held, people are asked; nothing waits.

        What cannot be written down is on record as blocked, with the reason, and ``ValueError`` says it.
        """
        steps = self._proposing(action, fields)
        return cast("Decision", run(steps, self._carrier, nothing, teller=self._mirror))

    async def apropose(self, action: ActionRequest | str, **fields: Any) -> Decision:
        """The same on the running event loop."""
        steps = self._proposing(action, fields)
        return cast("Decision", await arun(steps, self._carrier, nothing, teller=self._mirror))

    def record(self, entry: AuditEntry) -> None:
        """Says what became of a request that the program ran itself after :meth:`evaluate`.

        It goes to the audit sink, where there is one, and into the log, also where the sink fails: a
        decision that was only evaluated is recorded now, with what the entry says of it. Nobody is
        asked any more.
        """
        try:
            self._program.sink(entry)
        finally:
            run(_recorded(entry, _with_report(entry)), self._carrier, nothing)

    async def arecord(self, entry: AuditEntry) -> None:
        """The same on the running event loop."""
        try:
            await self._program.asink(entry)
        finally:
            await arun(_recorded(entry, _with_report(entry)), self._carrier, nothing)

    @staticmethod
    def idempotency_key(request: ActionRequest) -> str:
        """A key that is the same for the same request, in every process. It tells nothing of it."""
        import hashlib

        return hashlib.sha256(b"placet-request-v1\x00" + request.to_json().encode()).hexdigest()

    def _proposing(self, action: ActionRequest | str, fields: Mapping[str, Any]) -> Steps:
        mirrors = self._mirror is not None
        if isinstance(action, ActionRequest):
            request = self._request(action, fields)
        else:
            try:
                request = self._request(action, fields)
            except Exception as error:
                bound = fields.get("enforce", False) is not False
                instead = self._held(noted(self._request, action, fields, error, bound=bound))
                yield from refused(instead, Way(mirrors=mirrors), error)
                raise
        request = self._held(request)
        objections = self._program.objections(request.action, request.tenant_id)
        way = Way(objections=objections, waits=False, mirrors=mirrors)
        return (yield from steps_of_proposing(request, way))

    def _request(self, action: ActionRequest | str, fields: Mapping[str, Any]) -> ActionRequest:
        """The request, with what the context and the settings say where it says nothing itself."""
        if isinstance(action, ActionRequest):
            if fields:
                raise TypeError("a request has its fields already; make one with others")
            return action
        own, beside = fields_of_context()
        given = {FIELDS.get(name, name): value for name, value in fields.items()}
        settings = self._settings
        said: dict[str, Any] = {"tenant_id": settings.tenant, "agent": settings.agent, **own, **given}
        context: dict[str, Any] = {**beside, **(said.pop("context", None) or {})}
        present = {name: value for name, value in said.items() if value is not None}
        try:
            return ActionRequest(action, context=context or None, **present)
        except TypeError:
            known_fields("this", {name: value for name, value in fields.items() if name != "params"})
            raise
        except UnicodeEncodeError as error:
            # It says which character, and only newer versions of Python also which field.
            for field, text in {"action": action, **present}.items():
                why = why_no_text(text) if isinstance(text, str) else None
                if why is not None:
                    raise Invalid(f"{field} {why}") from error
            raise

    def _held(self, request: ActionRequest) -> ActionRequest:
        """The request, held to what is decided where the program wants that whatever the policy's
        mode; nothing that a single call says takes it back."""
        if request.enforce or not self._is_to_hold(
            request.action, request.tenant_id, request.session or request.agent
        ):
            return request
        return _copied(request, enforce=True)

    def _is_to_hold(self, tool: str, tenant: str, who: str | None) -> bool:
        settings = self._settings
        if settings.mode is Mode.SAMPLE:
            return is_enforced(settings.sample_percent, tenant, tool, who or "")
        return settings.mode is Mode.ENFORCE


FIELDS = {"agent_id": "agent", "session_id": "session", "user_id": "user", "tenant": "tenant_id"}
"""Other names under which people know the fields of an action."""

KNOWN = tuple(
    "on_review idempotency_key agent agent_id session session_id user user_id tenant tenant_id build "
    "reason value context enforce".split()
)
"""The words that a call takes beside its name and its params."""


def known_fields(where: str, fields: Mapping[str, Any]) -> None:
    """Raises where somebody has misspelt a word."""
    unknown = [name for name in fields if name not in KNOWN]
    if unknown:
        raise TypeError(f"{where} takes no {unknown[0]!r}; it takes {', '.join(KNOWN)}")


def _with_report(entry: AuditEntry) -> ActionRequest:
    """The request of an entry, with what the program says of it."""
    error = None if entry.error is None else readable(entry.error)
    if error is not None and quotes(entry.request, error):
        # Nobody knows yet which params are secret; with the outcome it is told without them.
        error = LEFT_OUT
    report = {
        "verdict": entry.decision.verdict.value,
        "approved": entry.approved,
        "executed": entry.executed,
        "at": entry.timestamp.isoformat(),
        "error": error,
        "idempotency_key": entry.idempotency_key,
    }
    said = {name: value for name, value in report.items() if value is not None}
    return _copied(entry.request, recorded=said)


def _recorded(entry: AuditEntry, reported: ActionRequest) -> Steps:
    """Tells the log what a program did by itself.

    What was only evaluated is decided on now, as ``reported``: with what the program says of it. It
    is over, so nobody is asked about it, and what would have waited for people is blocked.
    """
    action_id = entry.decision.id
    if action_id is None:
        decision = yield Step("propose", reported, {"treatment": "unasked"})
        if decision.verdict is not Verdict.ALLOW or not entry.executed:
            return
        action_id = decision.id
    status = "failed" if entry.error is not None or not entry.executed else "succeeded"
    detail = entry.error or ("" if entry.executed else "it was not executed")
    detail = yield from without_secrets(entry.request, action_id, detail, LEFT_OUT)
    yield conclusion(action_id, status, detail)


def _copied(
    request: ActionRequest, *, enforce: bool = False, recorded: Mapping[str, Any] | None = None
) -> ActionRequest:
    """The same request, which asks to be held to its decision, or with something more beside it."""
    context: dict[str, Any] = json.loads(request.to_json()).get("context") or {}
    if recorded is not None:
        context["recorded"] = recorded
    return ActionRequest(
        request.action,
        tenant_id=request.tenant_id,
        value=request.value,
        params=request.params,
        agent=request.agent,
        build=request.build,
        session=request.session,
        user=request.user,
        reason=request.reason,
        context=context or None,
        enforce=enforce or request.enforce,
    )
