"""Mirroring what waits for people into a store of the program's own, and taking answers from there.

The log stays the truth. What the store says is an answer like any other, with the same checks; what
it gets wrong is said in the program's own log and answers nothing.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

from ._ask import dispose, look, settle
from ._errors import Conflict, Forbidden, Gone, Invalid, Missing, PlacetError, Unavailable
from ._held import ApprovalRequest, Refusal, SignOff
from ._reply import reply_of
from ._say import warn
from ._step import Ask, Ended, Step, Tell, approval_of
from ._types import ResolveOutcome, Status
from ._waits import Waits

if TYPE_CHECKING:
    from ._drive import Carrier
    from ._protocols import ApprovalStore

PERSON = "store"
"""Who answers, where a store says only yes or no."""

LOOK_EVERY = 0.25
"""How often a wait on an event loop looks into the store, in seconds."""


_ITS_OWN_FAULT = (Conflict, Forbidden, Gone, Invalid, Missing)
"""Why an answer is refused that would be refused again."""


class Mirror:
    """Whoever looks after a store: tells it what waits and what does not, and asks it for answers."""

    def __init__(self, store: ApprovalStore) -> None:
        self._store = store
        self._open: dict[str, ApprovalRequest] = {}
        """What the store was told of, and not of its end."""
        self._heard: dict[str, str] = {}
        """The last answer to each that was given, in its words, so that it is given only once."""
        self._said: dict[str, tuple[str, str]] = {}
        """The last answer to each that was not taken in, and why, so that it is said only once."""

    def tell(self, carrier: Carrier, of: Tell | Ask) -> None:
        """Puts a held action into the store, once."""
        if approval_of(of.action_id) not in self._open:
            try:
                self._put(carrier.do(look(of)))
            except PlacetError as error:
                self._not_put(error)

    async def atell(self, carrier: Carrier, of: Tell | Ask) -> None:
        """The same on the running event loop."""
        if approval_of(of.action_id) not in self._open:
            try:
                self._put(await carrier.ado(look(of)))
            except PlacetError as error:
                self._not_put(error)

    def ended(self, of: Ended) -> None:
        """Tells the store what came of an action that it was told of."""
        request_id = approval_of(of.action_id)
        self._heard.pop(request_id, None)
        self._said.pop(request_id, None)
        if self._open.pop(request_id, None) is not None:
            self._call("ended", request_id, of.status)

    def ask(self, carrier: Carrier, of: Ask) -> Any:
        """Looks into the store until the action is settled, by whomever."""
        self.tell(carrier, of)
        until = math.inf if of.within is None else time.monotonic() + of.within
        waits = Waits(settle(of, of.within))
        while True:
            left = min(carrier.look_every, until - time.monotonic())
            try:
                found = carrier.do(settle(of, max(0.0, left)))
            except Unavailable as error:
                pause = waits.pause(error, _patience(carrier))
                if pause is None:
                    raise
                time.sleep(pause)
                continue
            waits.is_answered()
            if found["status"] != "pending":
                return found
            is_last = time.monotonic() >= until
            if self.take(carrier, approval_of(of.action_id)) is None and is_last:
                return found

    async def aask(self, carrier: Carrier, of: Ask) -> Any:
        """The same on the running event loop."""
        import asyncio

        await self.atell(carrier, of)
        settled = asyncio.ensure_future(carrier.ado(settle(of, of.within)))
        try:
            while not settled.done():
                await asyncio.wait({settled}, timeout=LOOK_EVERY)
                if not settled.done():
                    await self.atake(carrier, approval_of(of.action_id))
            found = settled.result()
            is_open = found["status"] == "pending"
            if is_open and await self.atake(carrier, approval_of(of.action_id)) is not None:
                return await carrier.ado(settle(of, LOOK_EVERY))
            return found
        finally:
            settled.cancel()

    def take(self, carrier: Carrier, request_id: str) -> ResolveOutcome | None:
        """Gives what the store has as an answer; what it led to, if there was one to give."""
        reply = self._reply(request_id)
        if reply is None:
            return None
        try:
            return self._was_heard(reply, carrier.do(reply))
        except PlacetError as error:
            self._was_refused(reply, error)
            return None

    async def atake(self, carrier: Carrier, request_id: str) -> ResolveOutcome | None:
        """The same on the running event loop."""
        reply = self._reply(request_id)
        if reply is None:
            return None
        try:
            return self._was_heard(reply, await carrier.ado(reply))
        except PlacetError as error:
            self._was_refused(reply, error)
            return None

    def collect(self, carrier: Carrier) -> int:
        """Takes in all answers, and tells the store what waits no more; how many answers counted."""
        led_to = [self.take(carrier, request_id) for request_id in list(self._open)]
        for request_id in list(self._open):
            self.check(carrier, request_id)
        return led_to.count(ResolveOutcome.RESOLVED)

    def check(self, carrier: Carrier, request_id: str) -> None:
        """Tells the store of the end of an action, where it has come to one."""
        held = self._open.get(request_id)
        if held is not None:
            found = carrier.do(Step("follow", body={"id": held.action_id}))
            if found["status"] != "pending":
                self.ended(Ended(held.action_id, Status(found["status"])))

    def _put(self, held: Any) -> None:
        request = ApprovalRequest.from_wire(held)
        self._open[request.request_id] = request
        self._call("put", request)

    def _not_put(self, error: PlacetError) -> None:
        # What is missing was answered at once.
        if not isinstance(error, Missing):
            warn("the store of approvals could not be told of what waits: %s", error)

    def _reply(self, request_id: str) -> Step | None:
        """What the store has, where that is an answer at all and was not given before."""
        answer = self._call("answer", request_id)
        if answer is None:
            return None
        if answer is not True and answer is not False and type(answer) not in (SignOff, Refusal):
            warn("the store of approvals gave %s, which is no answer", type(answer).__name__)
            dispose(answer)
            return None
        try:
            reply = reply_of(answer, request_id, PERSON)
        except PlacetError as error:
            warn("an answer of the store of approvals was not taken in: %s", error)
            return None
        return None if _words(reply) == self._heard.get(request_id) else reply

    def _was_heard(self, reply: Step, found: Any) -> ResolveOutcome:
        self._heard[reply.body["id"]] = _words(reply)
        return ResolveOutcome(found["outcome"])

    def _was_refused(self, reply: Step, error: PlacetError) -> None:
        """What is wrong with the answer itself is wrong the next time too; anything else is not."""
        request_id, words = reply.body["id"], _words(reply)
        if isinstance(error, _ITS_OWN_FAULT):
            self._heard[request_id] = words
        if self._said.get(request_id) != (words, str(error)):
            self._said[request_id] = (words, str(error))
            warn("an answer of the store of approvals was not taken in: %s", error)

    def _call(self, name: str, *arguments: Any) -> Any:
        """Calls the store. What it raises stops nobody: the action waits all the same."""
        try:
            return getattr(self._store, name)(*arguments)
        except Exception as error:
            warn("the store of approvals failed in %s", name, error=error)
            return None


def _patience(carrier: Carrier) -> float:
    """For how long it may be away. What is in this process never is."""
    return getattr(carrier, "patience", 0.0)


def _words(reply: Step) -> str:
    """An answer as it is given. The object that it was may say something else by now."""
    return json.dumps(reply.body, sort_keys=True)
