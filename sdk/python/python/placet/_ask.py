"""Asking somebody about a held action: at the terminal, or by a function of the program."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from ._drive import Carrier, Teller
from ._errors import Blocked, Invalid, Missing, PlacetError, Unavailable
from ._held import ApprovalRequest, Refusal, SignOff
from ._home import at_home
from ._reply import reply_of
from ._say import warn
from ._step import Ask, Ended, Step, Tell, approval_of
from ._within import is_awaitable, within

if TYPE_CHECKING:
    import asyncio
    from typing import TypeAlias

Answer: TypeAlias = "bool | SignOff | Refusal | Awaitable[Any]"
Confirm: TypeAlias = "Callable[[ApprovalRequest], Answer] | Callable[[str, dict[str, Any]], Answer]"
"""What is asked: of a request, or of a tool and its params."""

PERSON = "callback"
"""Who answers, where a function says only yes or no."""


class Callback:
    """A function of the program that is asked. Only ``True`` itself and a :class:`SignOff` approve."""

    def __init__(self, confirm: Confirm, person: str = PERSON, groups: Iterable[str] = ()) -> None:
        self._confirm: Callable[..., Any] = confirm
        self._takes_two = _takes_two(confirm)
        self._person = person
        self._groups = tuple(groups)

    def ask(self, carrier: Carrier, of: Ask) -> Any:
        """Asks on this thread and takes the answer in; then what became of the action."""
        until = _until(of)
        try:
            held = ApprovalRequest.from_wire(carrier.do(look(of)))
        except Missing:
            # Somebody else was quicker.
            return carrier.do(settle(of, of.within))
        answer = self._asked(held)
        if is_awaitable(answer):
            dispose(answer)
            answer = Refusal(self._person, "the callback is async, and was called without await")
        for step in self._replies(answer, held, until):
            try:
                carrier.do(step)
                break
            except PlacetError as error:
                warn("an answer to %s was not taken in: %s", held.tool, error)
        return carrier.do(settle(of, _left(until)))

    async def aask(self, carrier: Carrier, of: Ask) -> Any:
        """The same on the event loop; somebody else may answer first."""
        import asyncio

        settled = asyncio.ensure_future(carrier.ado(settle(of, of.within)))
        asked = asyncio.ensure_future(self._aanswer(carrier, of))
        try:
            await asyncio.wait({settled, asked}, return_when=asyncio.FIRST_COMPLETED)
            if asked.cancelled():
                # Not by whoever waits here: the callback was, or says that it was.
                await self._ano(carrier, of)
            elif asked.done():
                asked.result()
            return await settled
        finally:
            asked.cancel()
            settled.cancel()

    async def _aanswer(self, carrier: Carrier, of: Ask) -> None:
        until = _until(of)
        try:
            held = ApprovalRequest.from_wire(await carrier.ado(look(of)))
        except Missing:
            return
        answer = self._asked(held)
        if is_awaitable(answer):
            try:
                answer = await answer
            except Exception as error:
                answer = self._failed(error)
        for step in self._replies(answer, held, until):
            try:
                await carrier.ado(step)
                return
            except PlacetError as error:
                warn("an answer to %s was not taken in: %s", held.tool, error)

    async def _ano(self, carrier: Carrier, of: Ask) -> None:
        """Says no, because the callback was cancelled: no answer will come from it."""
        no = Refusal(self._person, "the callback was cancelled")
        try:
            await carrier.ado(reply_of(no, approval_of(of.action_id), self._person, self._groups))
        except PlacetError as error:
            warn("an answer to %s was not taken in: %s", of.request.action, error)

    def _asked(self, held: ApprovalRequest) -> Any:
        try:
            return self._confirm(held.tool, held.params) if self._takes_two else self._confirm(held)
        except Exception as error:
            return self._failed(error)

    def _failed(self, error: Exception) -> Refusal:
        warn("the callback that was asked for approval failed", error=error)
        return Refusal(self._person, f"the callback failed with {type(error).__name__}")

    def _replies(self, answer: Any, held: ApprovalRequest, until: float | None) -> Iterable[Step]:
        """The answer as it is given, and a no in its place where it is refused. One that comes when
        the call waits no more is none."""
        if until is not None and time.monotonic() >= until:
            warn("the callback answered too late, so nothing was approved: %s", held.tool)
            return
        of = (held.request_id, self._person, self._groups)
        person, is_no = self._person, answer is False or isinstance(answer, Refusal)
        if is_no or answer is True or type(answer) is SignOff:
            try:
                reply = reply_of(answer, *of)
            except Invalid as error:
                reason = f"what the callback gave cannot be written down: {error}"
            else:
                yield reply
                if is_no:
                    return
                reason = "the callback says yes, which is not what the approval asks for"
                if isinstance(answer, SignOff):
                    person, reason = answer.person, "the sign-off is not what the approval asks for"
        else:
            kind = type(answer).__name__
            if is_awaitable(answer):
                dispose(answer)
            reason = f"the callback gave {kind}, which is neither True nor a sign-off"
        yield reply_of(Refusal(person, reason), *of)
        # Who signed may be nobody.
        yield reply_of(Refusal(self._person, reason), *of)


def _takes_two(confirm: Callable[..., Any]) -> bool:
    """Whether it wants the tool and the params, and not the whole request."""
    import inspect

    try:
        parameters = inspect.signature(confirm).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(it.kind in positional and it.default is it.empty for it in parameters) == 2


def _until(of: Ask) -> float | None:
    """When the wait ends, if its caller has said so."""
    return None if of.within is None else time.monotonic() + of.within


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.0, until - time.monotonic())


class Terminal:
    """The terminal of the program, with the person who sits at it."""

    def __init__(self, person: str | None = None, groups: Iterable[str] = ()) -> None:
        if person is None:
            import getpass

            person = getpass.getuser()
        self._body = {"person": person, "groups": list(groups)}

    def ask(self, carrier: Carrier, of: Ask) -> Any:
        """Asks, unless there is no terminal: then the answer is no."""
        try:
            return carrier.do(self._step(of))
        except Unavailable as error:
            raise _nobody(of, error) from error

    async def aask(self, carrier: Carrier, of: Ask) -> Any:
        """The same on the event loop."""
        try:
            return await carrier.ado(self._step(of))
        except Unavailable as error:
            raise _nobody(of, error) from error

    def _step(self, of: Ask) -> Step:
        return Step("ask", body={**self._body, "id": of.action_id, "is_mine": True}, within=of.within)


class Told:
    """A function of the program that is told of what is held: to show it on a page, say."""

    def __init__(self, on_request: Callable[[ApprovalRequest], Any]) -> None:
        self._on_request = on_request
        self._going: set[asyncio.Task[None]] = set()
        """What is told beside a wait. A loop keeps no task of itself."""

    def tell(self, carrier: Carrier, of: Tell) -> None:
        """Tells it on this thread. What it raises stops nobody: the action waits all the same."""
        try:
            told = self._on_request(ApprovalRequest.from_wire(carrier.do(look(of))))
            if is_awaitable(told):
                dispose(told)
                warn("on_request is async, and was called without await")
        except Missing:
            # It was answered at once.
            pass
        except Exception as error:
            warn("on_request failed", error=error)

    async def atell(self, carrier: Carrier, of: Tell) -> None:
        """The same on the event loop."""
        import asyncio

        try:
            looking = carrier.ado(look(of))
            held = await (looking if of.within is None else within(looking, of.within))
            told = self._on_request(ApprovalRequest.from_wire(held))
        except Missing:
            return
        except Exception as error:
            warn("on_request failed", error=error)
            return
        if not is_awaitable(told):
            return
        going = asyncio.ensure_future(_to_its_end(told, of.within))
        if not of.is_beside:
            await going
            return
        # Those of loops that were closed do not end any more.
        for one in list(self._going):
            if one.get_loop().is_closed():
                self._going.discard(one)
        self._going.add(going)
        going.add_done_callback(self._going.discard)

    def ended(self, of: Ended) -> None:
        """What waits no more it does not want to know."""


async def _to_its_end(told: Awaitable[Any], limit: float | None) -> None:
    """Awaits what tells, for so many seconds."""
    try:
        await (told if limit is None else within(told, limit))
    except TimeoutError as error:
        warn("on_request failed, or took too long", error=error)
    except Exception as error:
        warn("on_request failed", error=error)


class All:
    """Several who want to know of what is held."""

    def __init__(self, *tellers: Teller) -> None:
        self._tellers = tellers

    def tell(self, carrier: Carrier, of: Tell) -> None:
        """Tells each."""
        for teller in self._tellers:
            teller.tell(carrier, of)

    async def atell(self, carrier: Carrier, of: Tell) -> None:
        """The same on the event loop."""
        for teller in self._tellers:
            await teller.atell(carrier, of)

    def ended(self, of: Ended) -> None:
        """Tells each."""
        for teller in self._tellers:
            teller.ended(of)


def _nobody(of: Ask, error: PlacetError) -> Blocked:
    return Blocked(
        f"{of.request.action} was not approved: {error}",
        reasons=(str(error),),
        action_id=of.action_id,
    )


def settle(of: Ask, within: float | None) -> Step:
    """Waits until the action is settled, or for so many seconds. Who closes the guard meanwhile takes it
    back, because nobody else waits for it."""
    return Step("settle", body={"id": of.action_id, "is_mine": True}, within=within)


def look(of: Ask | Tell) -> Step:
    """Looks at a held action as the person sees it who is asked."""
    return Step("held", body={"id": approval_of(of.action_id)})


def dispose(awaitable: Any) -> None:
    """Ends what nobody will await, so that Python does not complain about it elsewhere."""
    close = getattr(awaitable, "close", None) or getattr(awaitable, "cancel", None)
    if close is not None:
        close()


at_home(Callback, Terminal)
