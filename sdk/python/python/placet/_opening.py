"""What a guard is made of, from what its program gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from ._core import Engine
from ._errors import ConfigError, Invalid, Missing
from ._program import Program, source_of
from ._say import warn
from ._settings import MEMORY, Settings, without_password
from ._shape import is_list, is_tuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from ._ask import Callback, Confirm, Terminal
    from ._drive import Asker, Teller
    from ._held import ApprovalRequest
    from ._mirror import Mirror
    from ._policy import TrustPolicy
    from ._protocols import ApprovalStore, AuditSink, KillSwitchSource, Metrics
    from ._types import Verdict

    Policy: TypeAlias = TrustPolicy | str | os.PathLike[str]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

def engine_of(policy: Policy | None, store: str | os.PathLike[str] | None) -> Engine:
    """An engine with a policy and a store."""
    place = place_of(policy, store)
    if place is None and store is None:
        warn("the log is in memory and gone with the guard; say where to keep it with store=")
    if store is not None and place is not None:
        _hold_folder(place)
    if policy is None or isinstance(policy, (str, os.PathLike)):
        try:
            return Engine(policy, None, place)
        except Missing as error:
            raise ConfigError(f"policy: {error.detail}") from None
    files = policy.files()
    try:
        return Engine(None, files, place)
    except Invalid as error:
        from ._places import placed

        said = placed(error.detail, files[0][1], [*policy.actions])
        raise Invalid(said, pointer=error.pointer) from None


def _hold_folder(place: str) -> None:
    """Raises where no log can lie: in no folder, or where a folder is itself."""
    folder = os.path.dirname(place) or os.curdir
    if not os.path.isdir(folder):
        why = f"there is no folder {folder!r}; make it, or name another file"
        raise ConfigError(f"store: {place!r} cannot be made: {why}")
    if os.path.isdir(place):
        raise ConfigError(f"store: {place!r} is a folder; name a file in it")


def place_of(
    policy: Policy | None, store: str | os.PathLike[str] | None
) -> str | None:
    """Where the log lies: None where it is in memory."""
    if store is not None:
        return None if os.fspath(store) == MEMORY else os.fspath(store)
    if isinstance(policy, (str, os.PathLike)):
        return os.path.join(os.path.dirname(os.fspath(policy)), "placet.db")
    return None


def described(settings: Settings) -> str:
    """Which guard it is, for whoever looks for what went wrong. A key is no part of it."""
    shown: dict[str, object] = {}
    if settings.url is not None:
        shown["url"] = without_password(settings.url)
    else:
        actions: Any = getattr(settings.policy, "actions", None)
        shown["policy"] = settings.policy if actions is None else [*actions]
        shown["store"] = place_of(settings.policy, settings.store) or MEMORY
    shown["mode"] = None if settings.mode is None else settings.mode.value
    said = {name: value for name, value in shown.items() if value is not None}
    return ", ".join(f"{name}={value!r}" for name, value in said.items())


def asker_of(
    confirm: Confirm | None, ask: Terminal | Callback | str | None, *, at_daemon: bool = False
) -> Asker | None:
    """Who is asked. At a daemon the terminal is one of people's own, and not the program's."""
    if confirm is not None and ask is not None:
        raise ConfigError("confirm and ask both say who is asked; give one of them")
    if confirm is None and ask is None:
        return None
    from ._ask import Callback, Terminal

    if confirm is not None:
        return Callback(_function("confirm", confirm))
    if at_daemon and not isinstance(ask, Callback):
        raise ConfigError(
            "at a daemon, ask is a Callback; who answers at a terminal runs `placet approvals watch`"
        )
    if isinstance(ask, (Terminal, Callback)):
        return ask
    if ask != "terminal":
        raise ConfigError(f'ask is "terminal", a Terminal or a Callback, not {ask!r}')
    return Terminal()


def program_of(
    metrics: Metrics | Sequence[Metrics] | None,
    audit: AuditSink | None,
    kill_switch: KillSwitchSource | None,
    tripped_verdict: Verdict | str,
) -> Program:
    """What a program brings of its own, where it is that."""
    from ._policy import stricter

    given: Any = () if metrics is None else metrics
    providers: list[Any] = [*given] if is_list(given) or is_tuple(given) else [given]
    sources = tuple(source_of(having("metrics", one, "metrics_for")) for one in providers)
    if metrics is not None and not sources:
        raise ConfigError("metrics is a provider, or several, and not none of them; leave it out")
    if audit is not None:
        having("audit", audit, "record")
    if kill_switch is not None:
        having("kill_switch", kill_switch, "is_tripped")
    tripped = stricter("tripped_verdict", tripped_verdict).value
    return Program(sources, audit, kill_switch, tripped)


def mirror_of(approvals: ApprovalStore) -> Mirror:
    from ._mirror import Mirror

    return Mirror(having("approvals", approvals, "put", "answer", "ended"))


def having(name: str, given: T, *methods: str) -> T:
    """What a program brings, where it has the methods that it needs."""
    for method in methods:
        if isinstance(given, type) and isinstance(_as_written(given, method), FunctionType):
            # Called on the class, it would take the first argument for the object.
            kind = given.__name__
            raise ConfigError(f"{name}: {kind} is a class; write {kind}(), with parentheses")
        if not callable(getattr(given, method, None)):
            raise ConfigError(f"{name}: {type(given).__name__} has no method {method}")
    return given


def _as_written(kind: type, name: str) -> object:
    from inspect import getattr_static

    return getattr_static(kind, name, None)


def _function(name: str, given: F) -> F:
    if not callable(given):
        raise ConfigError(f"{name} is a function, not {given!r}")
    return given


def teller_of(
    on_request: Callable[[ApprovalRequest], Any] | None, mirror: Mirror | None
) -> Teller | None:
    if on_request is None:
        return mirror
    from ._ask import All, Told

    told = Told(_function("on_request", on_request))
    return told if mirror is None else All(mirror, told)
