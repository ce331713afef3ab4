"""Carrying out steps: for a caller that blocks, and for one on an event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ._errors import Unavailable
from ._step import Ask, Call, Carried, Ended, Later, Post, Step, Steps, Tell, Told
from ._within import is_awaitable, is_on_a_loop


class Carrier(Protocol):
    """Whoever carries out steps: an engine in this process, or a daemon."""

    @property
    def look_every(self) -> float:
        """How often it may be asked about one action, in seconds."""
        ...

    @property
    def is_hurried(self) -> bool:
        """Whether nobody waits here for what is hurried."""
        ...

    def do(self, step: Step) -> Any:
        """Carries out a step and waits for what comes of it."""

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop."""

    def post(self, of: Post) -> None:
        """Carries out steps for whose result nobody waits."""

    def close(self) -> None:
        """Ends it."""


class Asker(Protocol):
    """Whoever is asked about held actions."""

    def ask(self, carrier: Carrier, of: Ask) -> Any:
        """Asks, takes the answer in, and gives what became of the action."""

    async def aask(self, carrier: Carrier, of: Ask) -> Any:
        """The same on the running event loop."""


class Teller(Protocol):
    """Whoever wants to know of what is held."""

    def tell(self, carrier: Carrier, of: Tell) -> None:
        """Tells."""

    async def atell(self, carrier: Carrier, of: Tell) -> None:
        """The same on the running event loop."""

    def ended(self, of: Ended) -> None:
        """Tells that it is held no more."""


def run(
    steps: Steps,
    carrier: Carrier,
    call: Callable[[Any], Any],
    asker: Asker | None = None,
    teller: Teller | None = None,
) -> Any:
    """Carries out steps, one after the other, on this thread."""
    value: Any = None
    error: BaseException | None = None
    while True:
        try:
            step = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as end:
            return end.value
        except Carried as carried:
            error = carried.error
            break
        value = error = None
        try:
            if isinstance(step, Step):
                value = carrier.do(step)
            elif isinstance(step, Told):
                if (behind := _behind(step, carrier)) is not None:
                    carrier.post(behind)
                else:
                    run(step.steps, carrier, nothing)
            elif isinstance(step, Post):
                carrier.post(step)
            elif isinstance(step, Ask):
                assert asker is not None
                value = asker.ask(carrier, step)
            elif isinstance(step, Tell):
                assert teller is not None
                teller.tell(carrier, step)
            elif isinstance(step, Ended):
                assert teller is not None
                teller.ended(step)
            elif isinstance(step, Call):
                value = call(step.arguments)
            elif isinstance(step, Later):
                value = _in_place_of(step, carrier)
        except BaseException as raised:
            error = _carried(raised)
    raise error


async def arun(
    steps: Steps,
    carrier: Carrier,
    call: Callable[[Any], Any | Awaitable[Any]],
    asker: Asker | None = None,
    teller: Teller | None = None,
) -> Any:
    """The same on the running event loop."""
    value: Any = None
    error: BaseException | None = None
    while True:
        try:
            step = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as end:
            return end.value
        except Carried as carried:
            error = carried.error
            break
        value = error = None
        try:
            if isinstance(step, Step):
                _needs_a_loop()
                value = await carrier.ado(step)
            elif isinstance(step, Told):
                if (behind := _behind(step, carrier)) is not None:
                    carrier.post(behind)
                else:
                    await arun(step.steps, carrier, nothing)
            elif isinstance(step, Post):
                carrier.post(step)
            elif isinstance(step, Ask):
                assert asker is not None
                value = await asker.aask(carrier, step)
            elif isinstance(step, Tell):
                assert teller is not None
                await teller.atell(carrier, step)
            elif isinstance(step, Ended):
                assert teller is not None
                teller.ended(step)
            elif isinstance(step, Call):
                value = call(step.arguments)
                if is_awaitable(value):
                    value = await value
            elif isinstance(step, Later):
                value = _in_place_of(step, carrier)
        except BaseException as raised:
            error = _carried(raised)
    raise error


def _carried(error: BaseException) -> BaseException:
    """An exception as the steps can be given it."""
    # What steps begin is not ended by the one, and cannot be told of the other.
    return Carried(error) if isinstance(error, (StopIteration, GeneratorExit)) else error


def _needs_a_loop() -> None:
    if not is_on_a_loop():
        raise Unavailable(
            "Placet waits on an event loop of asyncio, and none runs here; call it without await from a "
            "thread of its own, as trio.to_thread.run_sync or anyio.to_thread.run_sync do"
        )


def nothing(_arguments: Any) -> None:
    """Nothing is called where something is only decided or told."""


def _behind(of: Told, carrier: Carrier) -> Post | None:
    """What the log is told behind the caller, where nobody waits for it."""
    return Post(of.steps, hurried=True) if of.hurried and carrier.is_hurried else None


def _in_place_of(later: Later, carrier: Carrier) -> Any:
    """What the caller gets in place of what has yet to run."""
    from ._later import in_place_of

    return in_place_of(later, carrier)
