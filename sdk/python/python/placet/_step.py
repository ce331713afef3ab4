"""The words in which it is said how an action is run: what is to be done next, and on what terms."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from ._types import OnReview, Status

if TYPE_CHECKING:
    from ._core import ActionRequest
    from ._program import Objection

PAGE = 1_000
"""How many held actions or classes are listed at a time: the most that a daemon lists."""


class Step(NamedTuple):
    """One operation on the engine."""

    name: str
    request: ActionRequest | None = None
    body: dict[str, Any] = {}
    """Nobody ever changes it."""
    within: float | None = None
    """How long to wait for people, in seconds; None: as long as they have."""
    key: str | None = None
    """The caller's own key for it, under which it takes effect once."""
    hurried: bool = False
    """Whether it is given little time, because in shadow nothing of this holds a call up."""


class Carried(BaseException):
    """An exception that no generator can be given as it is, because it would end that: in its place goes
    this, and whoever the steps are carried out for gets it as it was."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class Call(NamedTuple):
    """The function itself is called now, with what was decided on."""

    arguments: Any


class Later(NamedTuple):
    """What the function gave has yet to run. In its place the caller gets what does the same, and
    carries out ``begins`` before it and ``ends`` behind it; or ``never``, where it is dropped before."""

    value: Any
    begins: Callable[[], Steps]
    ends: Callable[[BaseException | None], Steps]
    never: Callable[[], Steps]


class Ask(NamedTuple):
    """Somebody is asked about a held action; done when it is settled, by them or by anybody else."""

    action_id: str
    request: ActionRequest
    within: float | None = None


class Tell(NamedTuple):
    """The program is told that an action waits for people."""

    action_id: str
    within: float | None = None
    """How long that may take at most, in seconds, where it can be ended."""
    is_beside: bool = False
    """Whether the caller goes on meanwhile, where it can: it waits for people, and not for this."""


class Ended(NamedTuple):
    """The program is told that an action waits no more, and what came of it."""

    action_id: str
    status: Status


class Told(NamedTuple):
    """The log is told something, by steps that raise nothing."""

    steps: Steps
    hurried: bool
    """Whether the caller does not wait for that, where it takes longer than a moment."""


class Post(NamedTuple):
    """Steps for whose result nobody waits."""

    steps: Steps
    hurried: bool = False


Steps = Generator[Any, Any, Any]


class Way(NamedTuple):
    """How an action is to be run at one place."""

    on_review: OnReview = OnReview.BLOCK
    gated: bool = False
    shadow: bool = False
    """Whether nothing of this stops it: the program or the policy is in shadow."""
    by_policy: bool = False
    """Whether it is the policy that is in shadow. Then nothing has to be asked for."""
    within: float | None = None
    """How long to wait for people, in seconds."""
    asks: bool = False
    """Whether somebody is asked, besides those who look into the inbox."""
    tells: bool = False
    """Whether the program wants to know of what is held."""
    waits: bool = True
    """Whether what is held is waited for."""
    mirrors: bool = False
    """Whether the program keeps what is held in a store of its own."""
    key: str | None = None
    """Of the calls with the same key one runs."""
    objections: tuple[Objection, ...] = ()
    """What the program itself has against it."""
    objections_now: Callable[[], tuple[Objection, ...]] | None = None
    """Gives what it has against it by now, when people have answered."""

    @property
    def is_stopped(self) -> bool:
        """Whether the program itself stops it. Then nobody is ever asked about it."""
        return any(objection.verdict == "block" for objection in self.objections)

    @property
    def treatment(self) -> str:
        """How it is proposed."""
        if self.shadow and not self.by_policy:
            return "shadow"
        if self.is_stopped:
            return "stopped"
        if self.shadow:
            return "binding"
        if self.gated or self.objections:
            return "gated"
        return "fail_open" if self.on_review is OnReview.FAIL_OPEN else "binding"

    def bound(self) -> Way:
        """The same without shadow, because the policy does not permit that."""
        return self._replace(shadow=False)


def conclusion(action_id: str, status: str, detail: str) -> Step:
    """The step that says what came of an action."""
    return Step("conclude", body={"id": action_id, "status": status, "detail": detail})


def posted(step: Step) -> Post:
    """One step for whose result nobody waits."""

    def steps() -> Steps:
        yield step

    return Post(steps())


def approval_of(action_id: str) -> str:
    """The id of an action's approval: the same with another prefix."""
    return "apr_" + action_id.removeprefix("act_")
