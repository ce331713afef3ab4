"""The guard: what software that acts on its own asks before it acts."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from ._arguments import Captured, of_call, of_params
from ._context import fields as fields_of_context
from ._core import ActionRequest
from ._denying import aor_denied, or_denied
from ._drive import Asker, Carrier, arun, run
from ._errors import ConfigError
from ._inbox import Inbox
from ._local import Local
from ._once import Claim, Once
from ._opening import asker_of, engine_of, mirror_of, teller_of
from ._program import Program
from ._sample import is_enforced
from ._settings import Settings, member
from ._steps import Step, Steps, Tell, Way, unfrozen
from ._steps import run as steps
from ._switches import Switches
from ._types import Mode, OnReview

if TYPE_CHECKING:
    from ._ask import Callback, Confirm, Terminal
    from ._core import Decision
    from ._denied import ActionDenied
    from ._held import ApprovalRequest
    from ._opening import Policy
    from ._protocols import (
        ApprovalStore,
        AuditEntry,
        AuditSink,
        KillSwitchSource,
        MetricsProvider,
    )

P = ParamSpec("P")
R = TypeVar("R")

Executor = Callable[[str, dict[str, Any]], Any]


class Guard(Inbox, Switches):
    """Decides on actions and keeps the record of it; in this process, or at a daemon.

    In this process it has a policy (a file, an object, or none: then only what is proven to be a read
    passes) and a log, which lies beside the policy file unless ``store`` says otherwise. At a daemon
    (:meth:`connect`) both are the daemon's.

    ``confirm`` or ``ask`` say who is asked about what is held, besides whoever calls
    :meth:`resolve`; ``on_request`` is told of everything that is held. ``approvals`` is a store of
    the program's own that mirrors what waits and has answers to it. ``metrics`` and
    ``kill_switch`` are the program's own and can make decisions stricter; ``audit`` keeps what
    :meth:`record` is given, besides the log.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        store: str | os.PathLike[str] | None = None,
        mode: Mode | str | None = None,
        sample_percent: float | None = None,
        on_review: OnReview | str | None = None,
        review_timeout: float | None = None,
        tenant: str | None = None,
        agent: str | None = None,
        confirm: Confirm | None = None,
        ask: Terminal | Callback | str | None = None,
        on_request: Callable[[ApprovalRequest], Any] | None = None,
        approvals: ApprovalStore | None = None,
        metrics: MetricsProvider | None = None,
        audit: AuditSink | None = None,
        kill_switch: KillSwitchSource | None = None,
    ) -> None:
        settings = Settings(policy=policy, store=store).changed(
            mode=mode,
            sample_percent=sample_percent,
            on_review=on_review,
            review_timeout=review_timeout,
            tenant=tenant,
            agent=agent,
        )
        carrier = Local(engine_of(policy, store))
        program = Program(metrics, audit, kill_switch)
        self._set(settings, carrier, program, asker_of(confirm, ask), on_request, approvals)

    def _set(
        self,
        settings: Settings,
        carrier: Carrier,
        program: Program,
        asker: Asker | None = None,
        on_request: Callable[[ApprovalRequest], Any] | None = None,
        approvals: ApprovalStore | None = None,
    ) -> None:
        if asker is not None and approvals is not None:
            raise ConfigError("confirm, ask and approvals say where answers come from; give one")
        self._settings = settings
        self._carrier = carrier
        self._mirror = None if approvals is None else mirror_of(approvals)
        self._asker = asker or self._mirror
        self._teller = teller_of(on_request, self._mirror)
        self._program = program
        self._once = Once()
        # Also at the end of the interpreter, while it still works.
        self._end = weakref.finalize(self, carrier.close)

    @classmethod
    def connect(
        cls,
        url: str,
        key: str,
        *,
        approver_key: str | None = None,
        verify: Any = True,
        confirm: Confirm | None = None,
        on_request: Callable[[ApprovalRequest], Any] | None = None,
        approvals: ApprovalStore | None = None,
        metrics: MetricsProvider | None = None,
        audit: AuditSink | None = None,
        kill_switch: KillSwitchSource | None = None,
        **settings: Any,
    ) -> Guard:
        """A guard at a daemon: ``http://``, ``https://`` or ``unix:/path/to/socket``.

        ``key`` is the agent's: it proposes, and can answer nothing. Only with a person's key as
        ``approver_key`` can this program call :meth:`resolve`; give that to no program that runs an
        agent. ``verify`` is False or an ``ssl.SSLContext`` for certificates of your own.
        """
        given = Settings(url=url, key=key).changed(**settings)
        if (confirm is not None or approvals is not None) and approver_key is None:
            raise ConfigError(
                "an agent's key cannot answer, so confirm and approvals need approver_key; or let "
                "people answer in the daemon's console"
            )
        from ._remote import Remote

        carrier = Remote(
            url, key, approver_key=approver_key, timeout=given.timeout, verify=verify
        )
        guard = cls.__new__(cls)
        program = Program(metrics, audit, kill_switch)
        guard._set(given, carrier, program, asker_of(confirm, None), on_request, approvals)
        return guard

    @classmethod
    def from_settings(cls, settings: Settings) -> Guard:
        """The guard that settings describe."""
        guard = cls.__new__(cls)
        if settings.url is not None:
            from ._remote import Remote

            assert settings.key is not None
            carrier: Carrier = Remote(settings.url, settings.key, timeout=settings.timeout)
        else:
            carrier = Local(engine_of(settings.policy, settings.store))
        guard._set(settings, carrier, Program())
        return guard

    # Deciding.

    def evaluate(self, action: ActionRequest | str, **fields: Any) -> Decision:
        """Decides without recording anything, and without permitting it."""
        request = self._request(action, fields) if fields or type(action) is str else action
        carrier, program = self._carrier, self._program
        if program.is_silent and isinstance(carrier, Local):
            return carrier.engine.evaluate(cast("ActionRequest", request))
        request = cast("ActionRequest", request)
        rates, objections = program.rates(request.action)
        if isinstance(carrier, Local):
            decision = carrier.engine.evaluate(request, rates)
        else:
            decision = cast("Decision", carrier.do(Step("evaluate", request)))
        for objection in (*objections, *program.objections(request.action)):
            decision = decision.tightened(objection.verdict, objection.reason)
        return decision

    def propose(self, action: ActionRequest | str, **fields: Any) -> Decision:
        """Decides and records the decision. Where it is held, people are asked; nothing waits."""
        step = Step("propose", self._request(action, fields), {"treatment": "binding"})
        decision = cast("Decision", self._carrier.do(step))
        if self._mirror is not None and decision.approval is not None and decision.id is not None:
            self._mirror.tell(self._carrier, Tell(decision.id))
        return decision

    async def apropose(self, action: ActionRequest | str, **fields: Any) -> Decision:
        """The same on the running event loop."""
        step = Step("propose", self._request(action, fields), {"treatment": "binding"})
        decision = cast("Decision", await self._carrier.ado(step))
        if self._mirror is not None and decision.approval is not None and decision.id is not None:
            await self._mirror.atell(self._carrier, Tell(decision.id))
        return decision

    def record(self, entry: AuditEntry) -> None:
        """Says what became of a request that the program ran itself after :meth:`evaluate`.

        It goes to the audit sink, where there is one, and into the log: a decision that was only
        evaluated is recorded now, with what the entry says of it.
        """
        self._program.sink(entry)
        self._carrier.do(_recording(entry))

    async def arecord(self, entry: AuditEntry) -> None:
        """The same on the running event loop."""
        await self._program.asink(entry)
        await self._carrier.ado(_recording(entry))

    @staticmethod
    def idempotency_key(request: ActionRequest) -> str:
        """A key that is the same for the same request, in every process. It tells nothing of it."""
        import hashlib

        return hashlib.sha256(b"placet-request-v1\x00" + request.to_json().encode()).hexdigest()

    # Running.

    def execute(
        self,
        tool: str,
        params: Mapping[str, Any] | None = None,
        executor: Executor | None = None,
        *,
        on_review: OnReview | str | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Any:
        """Runs ``executor(tool, params)`` if it may, once, with the params that were decided on.

        Gives what it returns, or :class:`ActionDenied`, which is false. ``fields`` are those of an
        :class:`ActionRequest`: ``agent_id``, ``session_id``, ``user``, ``reason``, ``value``, …
        Of the calls with the same ``idempotency_key`` one runs, however many are made at once.
        """
        captured = of_params(tool, params or {}, _executor(executor))
        again: dict[str, Any] = {"on_review": on_review, "idempotency_key": idempotency_key, **fields}
        return or_denied(tool, lambda: self.call(tool, captured, **again))

    async def aexecute(
        self,
        tool: str,
        params: Mapping[str, Any] | None = None,
        executor: Executor | None = None,
        *,
        on_review: OnReview | str | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Any:
        """The same on the running event loop; the executor may be async. No wait takes a thread."""
        captured = of_params(tool, params or {}, _executor(executor))
        again: dict[str, Any] = {"on_review": on_review, "idempotency_key": idempotency_key, **fields}
        return await aor_denied(tool, self.acall(tool, captured, **again))

    def gate(self, function: Callable[P, R]) -> Callable[P, R | ActionDenied]:
        """Decorates a function that a person approves in any case, in any mode.

        A call that is not approved returns :class:`ActionDenied`.
        """
        import inspect

        tool = getattr(function, "__name__", type(function).__name__)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def agated(*args: P.args, **kwargs: P.kwargs) -> Any:
                captured = of_call(function, args, kwargs)
                return await aor_denied(tool, self.acall(tool, captured, gated=True))

            return cast("Callable[P, R | ActionDenied]", agated)

        @functools.wraps(function)
        def gated(*args: P.args, **kwargs: P.kwargs) -> R | ActionDenied:
            captured = of_call(function, args, kwargs)
            return cast(
                "R | ActionDenied", or_denied(tool, lambda: self.call(tool, captured, gated=True))
            )

        return gated

    def call(
        self,
        tool: str,
        captured: Captured,
        on_review: OnReview | str | None = None,
        *,
        gated: bool = False,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Any:
        """Runs what was captured, or raises. What the decorators are made of."""
        way = self._way(tool, on_review, gated, fields)._replace(key=idempotency_key)
        going, carrier = self._going(tool, captured, way, fields), self._carrier_for(way)
        if idempotency_key is None:
            return run(going, carrier, captured.call, self._asker, self._teller)
        with Claim(self._once, idempotency_key, tool, captured.call) as claim:
            return run(going, carrier, claim.call, self._asker, self._teller)

    async def acall(
        self,
        tool: str,
        captured: Captured,
        on_review: OnReview | str | None = None,
        *,
        gated: bool = False,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Any:
        """The same on the running event loop."""
        way = self._way(tool, on_review, gated, fields)._replace(key=idempotency_key)
        going, carrier = self._going(tool, captured, way, fields), self._carrier_for(way)
        if idempotency_key is None:
            return await arun(going, carrier, captured.call, self._asker, self._teller)
        with Claim(self._once, idempotency_key, tool, captured.call) as claim:
            return await arun(going, carrier, claim.call, self._asker, self._teller)

    def _going(
        self, tool: str, captured: Captured, way: Way, fields: dict[str, Any]
    ) -> Steps:
        """What is to be done, in its order."""
        try:
            return steps(self._frozen(tool, captured, way, fields), way, captured)
        except ValueError as error:
            return unfrozen(tool, self._unfrozen(tool, fields, error), way, captured, error)

    def _way(
        self,
        tool: str,
        on_review: OnReview | str | None,
        gated: bool,
        fields: Mapping[str, Any],
    ) -> Way:
        settings = self._settings
        review = settings.on_review if on_review is None else member(OnReview, "on_review", on_review)
        by_policy = settings.mode is None and self._policy_is_in_shadow()
        return Way(
            on_review=review,
            gated=gated,
            shadow=not gated and (by_policy or self._is_shadow(tool, review, fields)),
            by_policy=by_policy,
            within=settings.review_timeout,
            asks=self._asker is not None,
            tells=self._teller is not None,
            mirrors=self._mirror is not None,
            objections=self._program.objections(tool),
        )

    def _is_shadow(self, tool: str, review: OnReview, fields: Mapping[str, Any]) -> bool:
        """Whether the program asks that nothing stops this call."""
        settings = self._settings
        if review is OnReview.SHADOW or settings.mode is Mode.SHADOW:
            return True
        if settings.mode is Mode.SAMPLE:
            own, _ = fields_of_context()
            own.update({_FIELDS.get(name, name): value for name, value in fields.items()})
            who = str(own.get("session") or own.get("agent") or settings.agent or "")
            tenant = str(own.get("tenant_id") or settings.tenant or "default")
            return not is_enforced(settings.sample_percent, tenant, tool, who)
        return False

    def _policy_is_in_shadow(self) -> bool:
        """Whether the policy is known to be; that of a daemon says so in its answers."""
        carrier = self._carrier
        return isinstance(carrier, Local) and carrier.engine.mode() == "shadow"

    def _frozen(
        self, tool: str, captured: Captured, way: Way, fields: dict[str, Any]
    ) -> ActionRequest:
        enforced = self._settings.mode in (Mode.ENFORCE, Mode.SAMPLE) and not way.shadow
        given = {"enforce": enforced, **fields}
        return self._request(tool, {"params": captured.payload, **given})

    def _carrier_for(self, way: Way) -> Carrier:
        """In shadow a daemon is given little time."""
        if way.shadow and not isinstance(self._carrier, Local):
            from ._hurry import Hurried

            return Hurried(self._carrier, self._settings.shadow_limit)
        return self._carrier

    def _unfrozen(
        self, tool: str, fields: dict[str, Any], error: ValueError
    ) -> ActionRequest | None:
        """What goes on record of a call whose arguments nobody can write down."""
        try:
            return self._request(tool, {**fields, "params": {"$unfrozen": str(error)}})
        except ValueError:
            return None

    def _request(self, action: ActionRequest | str, fields: Mapping[str, Any]) -> ActionRequest:
        """The request, with what the context and the settings say where it says nothing itself."""
        if isinstance(action, ActionRequest):
            if fields:
                raise TypeError("a request has its fields already; make one with others")
            return action
        own, beside = fields_of_context()
        given = {_FIELDS.get(name, name): value for name, value in fields.items()}
        settings = self._settings
        said: dict[str, Any] = {"tenant_id": settings.tenant, "agent": settings.agent, **own, **given}
        context: dict[str, Any] = {**beside, **(said.pop("context", None) or {})}
        present = {name: value for name, value in said.items() if value is not None}
        return ActionRequest(action, context=context or None, **present)

    # Its end.

    def close(self) -> None:
        """Closes the log, or the connections. What was asked for is recorded first."""
        self._end()

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a guard cannot be pickled or copied; open one in each process")


_FIELDS = {"agent_id": "agent", "session_id": "session", "user_id": "user", "tenant": "tenant_id"}
"""Other names under which people know the fields of an action."""


def _executor(executor: Executor | None) -> Executor:
    if not callable(executor):
        raise TypeError("executor is the function that does it: executor(tool, params)")
    return executor


def _recording(entry: AuditEntry) -> Step:
    """What the log is told about what a program ran by itself."""
    decision = entry.decision
    if decision.id is None:
        return Step("propose", entry.request, {"treatment": "binding"})
    status = "failed" if entry.error is not None or not entry.executed else "succeeded"
    detail = entry.error or ("" if entry.executed else "it was not executed")
    return Step("conclude", body={"id": decision.id, "status": status, "detail": detail})
