"""The guard: what software that acts on its own asks before it acts."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, overload

from ._above import function_of
from ._again import Again
from ._arguments import Captured, of_call
from ._context import fields as fields_of_context
from ._core import ActionRequest
from ._deciding import FIELDS, Deciding
from ._denying import aor_denied, or_denied
from ._drive import Asker, Carrier, arun, run
from ._errors import ConfigError, PlacetError
from ._hidden import hidden
from ._home import at_home
from ._inbox import Inbox
from ._local import Local
from ._method import is_async_inside
from ._once import Claim, Once, sound_key
from ._opening import asker_of, described, engine_of, mirror_of, program_of, teller_of
from ._program import Program
from ._settings import MEMORY, Settings, member, secret
from ._step import Steps, Way
from ._steps import run as steps
from ._switches import Switches
from ._taking import Untaken, of_anything
from ._types import Mode, OnReview, Verdict
from ._unfrozen import noted, unfrozen
from ._within import is_on_a_loop

if TYPE_CHECKING:
    from ._ask import Callback, Confirm, Terminal
    from ._denied import ActionDenied
    from ._held import ApprovalRequest
    from ._opening import Policy
    from ._protocols import ApprovalStore, AuditSink, KillSwitchSource, Metrics

P = ParamSpec("P")
R = TypeVar("R")

Executor = Callable[[str, dict[str, Any]], Any]


class Guard(Again, Deciding, Inbox, Switches):
    """Decides on actions and keeps the record of it; in this process, or at a daemon.

    In this process it has a policy (a file, an object, or none: then only what is proven to be a read
    passes) and a log, which lies beside the policy file unless ``store`` says otherwise. Without a file
    and without ``store`` the log is in memory and gone with the guard, which the logger ``placet`` says
    unless ``store`` is ``":memory:"``. At a daemon (:meth:`connect`) both are the daemon's.

    ``confirm`` or ``ask`` say who is asked about what is held, besides whoever calls
    :meth:`resolve`; ``on_request`` is told of everything that is held. ``approvals`` is a store of
    the program's own that mirrors what waits and has answers to it. ``metrics`` stand in for the
    log's evidence in what :meth:`evaluate` says: of several providers a class meets a bar where it does
    by each (one whose ``adversarial`` is False is not held to the adversarial one, which another has to
    meet then), and one whose ``metrics_for`` takes ``tenant`` is told it; ``kill_switch`` can only stop:
    ``tripped_verdict`` says whether what it stops is blocked or may be approved by a person.
    ``audit`` keeps what :meth:`record` is given, besides the log.
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
        metrics: Metrics | Sequence[Metrics] | None = None,
        audit: AuditSink | None = None,
        kill_switch: KillSwitchSource | None = None,
        tripped_verdict: Verdict | str = Verdict.BLOCK,
    ) -> None:
        settings = Settings().changed(
            policy=policy,
            store=store,
            mode=mode,
            sample_percent=sample_percent,
            on_review=on_review,
            review_timeout=review_timeout,
            tenant=tenant,
            agent=agent,
        )
        program = program_of(metrics, audit, kill_switch, tripped_verdict)
        who = asker_of(confirm, ask), on_request, approvals
        self._set(settings, lambda: Local(engine_of(policy, store)), program, *who)

    def _set(
        self,
        settings: Settings,
        opened: Callable[[], Carrier],
        program: Program,
        asker: Asker | None = None,
        on_request: Callable[[ApprovalRequest], Any] | None = None,
        approvals: ApprovalStore | None = None,
    ) -> None:
        if asker is not None and approvals is not None:
            raise ConfigError("confirm, ask and approvals say where answers come from; give one")
        self._settings = settings
        self._is_moded = settings.mode is not None
        self._mirror = None if approvals is None else mirror_of(approvals)
        self._asker = asker or self._mirror
        self._teller = teller_of(on_request, self._mirror)
        self._program = program
        self._once = Once()
        # Last, so that nothing is open where something else makes no sense.
        self._carrier = carrier = opened()
        self._is_in_shadow = False
        self._policy_is_in_shadow()
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
        ask: Callback | None = None,
        on_request: Callable[[ApprovalRequest], Any] | None = None,
        approvals: ApprovalStore | None = None,
        audit: AuditSink | None = None,
        kill_switch: KillSwitchSource | None = None,
        tripped_verdict: Verdict | str = Verdict.BLOCK,
        **settings: Any,
    ) -> Guard:
        """A guard at a daemon: ``http://``, ``https://`` or ``unix:/path/to/socket``.

        ``key`` is the agent's: it proposes, and can answer nothing. Only with a person's key as
        ``approver_key`` can this program call :meth:`resolve`; give that to no program that runs an
        agent. ``verify`` is False or an ``ssl.SSLContext`` for certificates of your own.
        """
        key, approver_key = hidden(key), hidden(approver_key)
        if "metrics" in settings:
            raise ConfigError("a daemon decides by the evidence in its log; give it yours by report()")
        given = Settings.at_daemon(url, key).changed(**settings)
        if approver_key is not None:
            secret("approver_key", approver_key)
        asker = asker_of(confirm, ask, at_daemon=True)
        if (asker is not None or approvals is not None) and approver_key is None:
            raise ConfigError(
                "an agent's key cannot answer, so confirm, ask and approvals need approver_key; or "
                "let people answer in the daemon's console"
            )

        def opened() -> Carrier:
            from ._remote import Remote

            return Remote(
                url, key, approver_key=approver_key, timeout=given.timeout, verify=verify
            )

        guard = cls.__new__(cls)
        program = program_of(None, audit, kill_switch, tripped_verdict)
        guard._set(given, opened, program, asker, on_request, approvals)
        return guard

    @classmethod
    def from_settings(cls, settings: Settings, *, instead_of: Guard | None = None) -> Guard:
        """The guard that settings describe; it may have the log of another one, which then is closed."""
        if instead_of is not None and instead_of._has_log_of(settings):
            # What can be wrong is found before that one lets go of the log.
            cls.from_settings(settings._replace(store=MEMORY)).close()
            with instead_of._letting_go():
                return cls.from_settings(settings)
        guard = cls.__new__(cls)

        def opened() -> Carrier:
            if settings.url is None or settings.key is None:
                return Local(engine_of(settings.policy, settings.store))
            from ._remote import Remote

            return Remote(settings.url, settings.key, timeout=settings.timeout)

        guard._set(settings, opened, Program())
        return guard

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
        again: dict[str, Any] = {"on_review": on_review, "idempotency_key": idempotency_key, **fields}
        captured = of_anything(tool, params, _executor(executor))
        return or_denied(tool, captured, lambda taken: self.call(tool, taken, **again))

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
        again: dict[str, Any] = {"on_review": on_review, "idempotency_key": idempotency_key, **fields}
        captured = of_anything(tool, params, _executor(executor))
        return await aor_denied(tool, captured, lambda taken: self.acall(tool, taken, **again))

    @overload
    def gate(
        self, given: Callable[P, Coroutine[Any, Any, R]], /
    ) -> Callable[P, Coroutine[Any, Any, R | ActionDenied]]: ...
    @overload
    def gate(self, given: Callable[P, R], /) -> Callable[P, R | ActionDenied]: ...
    def gate(self, given: Callable[P, Any], /) -> Callable[P, Any]:
        """Decorates a function that a person approves in any case, in any mode.

        A call that is not approved returns :class:`ActionDenied`.
        """
        function, is_static = function_of("@guard.gate", given)
        made = self._gated(function)
        return cast("Callable[P, Any]", staticmethod(made)) if is_static else made

    def _gated(self, function: Callable[P, Any]) -> Callable[P, Any]:
        import inspect

        tool = getattr(function, "__name__", type(function).__name__)

        @functools.wraps(function)
        async def agated(*args: P.args, **kwargs: P.kwargs) -> Any:
            call = functools.partial(self.acall, tool, gated=True)
            return await aor_denied(tool, of_call(function, args, kwargs), call)

        if inspect.iscoroutinefunction(function):
            return agated
        leads_to_async = is_async_inside(function)

        @functools.wraps(function)
        def gated(*args: P.args, **kwargs: P.kwargs) -> Any:
            if leads_to_async and is_on_a_loop():
                return agated(*args, **kwargs)
            call = functools.partial(self.call, tool, gated=True)
            return or_denied(tool, of_call(function, args, kwargs), call)

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
        way = self._way(tool, on_review, gated, fields, idempotency_key)
        going, carrier = self._going(tool, captured, way, fields), self._hurriable()
        if way.key is None:
            return run(going, carrier, captured.call, self._asker, self._teller)
        with Claim(self._once, way.key, tool, captured.call, shadow=way.shadow) as claim:
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
        way = self._way(tool, on_review, gated, fields, idempotency_key)
        going, carrier = self._going(tool, captured, way, fields), self._hurriable()
        if way.key is None:
            return await arun(going, carrier, captured.call, self._asker, self._teller)
        with Claim(self._once, way.key, tool, captured.call, shadow=way.shadow) as claim:
            return await arun(going, carrier, claim.call, self._asker, self._teller)

    def _going(
        self, tool: str, captured: Captured, way: Way, fields: dict[str, Any]
    ) -> Steps:
        """What is to be done, in its order."""
        try:
            return steps(self._frozen(tool, captured, way, fields), way, captured)
        except Exception as error:
            return unfrozen(tool, self._unfrozen(tool, way, fields, error), way, captured, error)

    def _way(
        self,
        tool: str,
        on_review: OnReview | str | None,
        gated: bool,
        fields: Mapping[str, Any],
        key: str | None,
    ) -> Way:
        settings = self._settings
        review = settings.on_review if on_review is None else member(OnReview, "on_review", on_review)
        by_policy = settings.mode in (None, Mode.SHADOW) and self._policy_is_in_shadow()
        is_strict = gated or fields.get("enforce", False) is not False
        shadow = not is_strict and (by_policy or self._asks_for_shadow(tool, review, fields))
        return Way(
            on_review=review,
            gated=gated,
            shadow=shadow,
            by_policy=by_policy,
            within=settings.review_timeout,
            asks=self._asker is not None,
            tells=self._teller is not None,
            mirrors=self._mirror is not None,
            key=sound_key(key, tool, shadow=shadow),
            objections=self._program.objections(tool, self._tenant_of(fields)),
            objections_now=functools.partial(self._program.stops, tool),
        )

    def _asks_for_shadow(self, tool: str, review: OnReview, fields: Mapping[str, Any]) -> bool:
        """Whether the program asks that nothing stops this call."""
        settings = self._settings
        if settings.mode is Mode.SAMPLE:
            try:
                own, _ = fields_of_context()
                own.update({FIELDS.get(name, name): value for name, value in fields.items()})
                who = str(own.get("session") or own.get("agent") or settings.agent or "")
                tenant = str(own.get("tenant_id") or settings.tenant or "default")
            except Exception:
                # Who has a name that cannot be read is in the share, or is not, as who has none.
                who, tenant = settings.agent or "", settings.tenant or "default"
            return not self._is_to_hold(tool, tenant, who)
        if settings.mode is Mode.ENFORCE:
            return False
        return review is OnReview.SHADOW or settings.mode is Mode.SHADOW

    def _tenant_of(self, fields: Mapping[str, Any]) -> str:
        """Whose call it is, where the program's own metrics want to know."""
        if not self._program.knows_tenants:
            return "default"
        try:
            own, _ = fields_of_context()
            given = fields.get("tenant_id") or fields.get("tenant") or own.get("tenant_id")
            return str(given or self._settings.tenant or "default")
        except Exception:
            # That it cannot be read is said where the call is frozen.
            return "default"

    def _policy_is_in_shadow(self) -> bool:
        """Whether the policy is known to be; that of a daemon by its last decision."""
        if not isinstance(self._carrier, Local):
            return bool(getattr(self._carrier, "is_in_shadow", False))
        try:
            self._is_in_shadow = self._carrier.engine.mode() == "shadow"
        except PlacetError:
            # It is closed, and what it last said holds.
            pass
        return self._is_in_shadow

    def _frozen(
        self, tool: str, captured: Captured, way: Way, fields: dict[str, Any]
    ) -> ActionRequest:
        if isinstance(captured.payload, Untaken):
            raise captured.payload.error
        given = {**fields, "params": captured.payload}
        if self._is_bound(way, is_stopped=way.is_stopped):
            given["enforce"] = True
        return self._request(tool, given)

    def _is_bound(self, way: Way, *, is_stopped: bool) -> bool:
        """Whether the call has to be held to its decision in any mode, besides what it says itself.
        What is gated is anyway, unless it is stopped before anybody is asked."""
        is_strict = self._settings.mode in (Mode.ENFORCE, Mode.SAMPLE)
        return not way.shadow and (is_strict or (way.gated and is_stopped))

    def _hurriable(self) -> Carrier:
        """In shadow a daemon is given little time."""
        if isinstance(self._carrier, Local):
            return self._carrier
        from ._hurry import Hurried

        return Hurried(self._carrier, self._settings.shadow_limit)

    def _unfrozen(
        self, tool: str, way: Way, fields: dict[str, Any], error: Exception
    ) -> ActionRequest:
        """What goes on record of a call whose arguments, or whose name, nobody can write down."""
        is_strict = fields.get("enforce", False) is not False
        bound = is_strict or self._is_bound(way, is_stopped=True)
        return noted(self._request, tool, fields, error, bound=bound)

    # Its end.

    def close(self) -> None:
        """Closes the log, or the connections. What was asked for is recorded first."""
        self._end()

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Guard({described(self._settings)})" if hasattr(self, "_settings") else "Guard()"

    def __reduce__(self) -> Any:
        raise TypeError("a guard cannot be pickled or copied; open one in each process")


def has_log(guard: Guard) -> bool:
    """Whether a guard has a log of its own, which nobody else can open meanwhile."""
    return isinstance(guard._carrier, Local)  # pyright: ignore[reportPrivateUsage]


def _executor(executor: Executor | None) -> Executor:
    if not callable(executor):
        raise TypeError("executor is the function that does it: executor(tool, params)")
    return executor


at_home(Guard)
