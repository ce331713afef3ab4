"""What can go wrong. A decision is never one of these, except where a call cannot return it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._home import at_home

if TYPE_CHECKING:
    from ._core import Approval, Decision
    from ._types import Status


class PlacetError(Exception):
    """Anything that Placet refuses or cannot do.

    ``kind`` is one word that does not change: ``invalid``, ``unauthorized``, ``forbidden``,
    ``missing``, ``gone``, ``conflict``, ``too_many`` or ``unavailable``. ``pointer`` names the part
    of the request that is meant, where it is one part.
    """

    kind = "invalid"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


class ConfigError(PlacetError, ValueError):
    """A setting that makes no sense: a mode, a percentage, a key, an address."""


class Invalid(PlacetError, ValueError):
    """What was asked for makes no sense."""


class Unauthorized(PlacetError):
    """Nobody knows who asks."""

    kind = "unauthorized"


class Forbidden(PlacetError, PermissionError):
    """Who asks may not do this."""

    kind = "forbidden"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        PlacetError.__init__(self, detail, pointer=pointer)


class Missing(PlacetError, LookupError):
    """There is no such thing."""

    kind = "missing"


class Gone(PlacetError):
    """It was there and is no more."""

    kind = "gone"


class Conflict(PlacetError):
    """It does not fit what is so by now."""

    kind = "conflict"


class TooMany(PlacetError):
    """Too much at once; later there may be room."""

    kind = "too_many"


class Unavailable(PlacetError):
    """It cannot be done now, so nothing was."""

    kind = "unavailable"
    may_pass = False
    """Whether a daemon is away that may be there again in a moment."""


_KINDS: dict[str, type[PlacetError]] = {
    kind.kind: kind
    for kind in (Invalid, Unauthorized, Forbidden, Missing, Gone, Conflict, TooMany, Unavailable)
}


def failure(kind: str, detail: str, pointer: str | None = None) -> PlacetError:
    """The exception for a kind of trouble."""
    return _KINDS.get(kind, Unavailable)(_placed(detail, pointer), pointer=pointer)


_UNNAMED = "/treatment"
"""What only a request over HTTP has: a program says it with ``on_review`` and ``mode``."""


def _placed(detail: str, pointer: str | None) -> str:
    """The words, before which stands what they are about only where they do not name it themselves."""
    if not pointer:
        return detail
    words = detail.removeprefix(f"{pointer}: ")
    is_named = pointer == _UNNAMED or pointer.rpartition("/")[2] in words
    return words if is_named else f"{pointer}: {words}"


class Blocked(PlacetError):
    """The action may not run: a policy, a kill switch, a check or a person says no.

    ``reasons`` says why, ``action_id`` is where the log has it, ``decision`` all that led to it.
    """

    kind = "blocked"

    def __init__(
        self,
        detail: str,
        *,
        reasons: tuple[str, ...] = (),
        action_id: str | None = None,
        decision: Decision | None = None,
    ) -> None:
        super().__init__(detail)
        self.reasons = reasons
        self.action_id = action_id
        self.decision = decision


class NotApproved(Blocked):
    """People were asked, and the answer was no, or there was none. ``status`` says which."""

    def __init__(
        self,
        detail: str,
        *,
        reasons: tuple[str, ...] = (),
        action_id: str | None = None,
        decision: Decision | None = None,
        status: Status | None = None,
    ) -> None:
        super().__init__(detail, reasons=reasons, action_id=action_id, decision=decision)
        self.status = status


class Changed(Blocked):
    """The arguments are not those any more that were decided on, so nothing was called."""

    kind = "changed"


class ReviewPending(PlacetError):
    """The action waits for people, and the caller did not want to wait.

    ``approval`` says what it waits for; ``action_id`` is what to follow.
    """

    kind = "review_pending"

    def __init__(
        self,
        detail: str,
        *,
        reasons: tuple[str, ...] = (),
        action_id: str | None = None,
        approval: Approval | None = None,
        decision: Decision | None = None,
    ) -> None:
        super().__init__(detail)
        self.reasons = reasons
        self.action_id = action_id
        self.approval = approval
        self.decision = decision


class SignoffRequired(PlacetError, ValueError):
    """A record cannot reach this status without a complete sign-off. It is as it was.

    ``status`` is the status that was to be reached, ``missing`` what each required field lacks.
    """

    kind = "signoff_required"

    def __init__(
        self, detail: str, *, status: str | None = None, missing: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.missing = missing


at_home(
    PlacetError, ConfigError, Invalid, Unauthorized, Forbidden, Missing, Gone, Conflict, TooMany,
    Unavailable, Blocked, NotApproved, ReviewPending, SignoffRequired, Changed,
)
