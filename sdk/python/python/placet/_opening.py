"""What a guard is made of, from what its program gives."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._core import Engine
from ._errors import ConfigError

if TYPE_CHECKING:
    from typing import TypeAlias

    from ._ask import Callback, Confirm, Terminal
    from ._drive import Asker, Teller
    from ._held import ApprovalRequest
    from ._mirror import Mirror
    from ._policy import TrustPolicy
    from ._protocols import ApprovalStore

    Policy: TypeAlias = TrustPolicy | str | os.PathLike[str]

MEMORY = ":memory:"
"""The store that is gone with the guard: for tests, and for trying a policy out."""


def engine_of(policy: Policy | None, store: str | os.PathLike[str] | None) -> Engine:
    """An engine with a policy and a store."""
    files, path = None, None
    if isinstance(policy, (str, os.PathLike)):
        path = os.fspath(policy)
    elif policy is not None:
        files = policy.files()
    if store is None:
        place = None if path is None else os.path.join(os.path.dirname(path), "placet.db")
    else:
        place = None if os.fspath(store) == MEMORY else os.fspath(store)
    return Engine(path, files, place)


def asker_of(confirm: Confirm | None, ask: Terminal | Callback | str | None) -> Asker | None:
    if confirm is not None and ask is not None:
        raise ConfigError("confirm and ask both say who is asked; give one of them")
    if confirm is None and not isinstance(ask, str):
        return ask
    from ._ask import Callback, Terminal

    if confirm is not None:
        return Callback(confirm)
    if ask != "terminal":
        raise ConfigError(f'ask is "terminal", a Terminal or a Callback, not {ask!r}')
    return Terminal()


def mirror_of(approvals: ApprovalStore) -> Mirror:
    from ._mirror import Mirror

    return Mirror(approvals)


def teller_of(
    on_request: Callable[[ApprovalRequest], Any] | None, mirror: Mirror | None
) -> Teller | None:
    if on_request is None:
        return mirror
    from ._ask import All, Told

    told = Told(on_request)
    return told if mirror is None else All(mirror, told)
