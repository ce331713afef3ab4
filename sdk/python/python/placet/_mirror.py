"""Mirroring what waits for people into a store of the program's own, and taking answers from there.

The log stays the truth. What the store says is an answer like any other, with the same checks; what
it gets wrong is said in the program's own log and answers nothing.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ._ask import dispose, look, reply_of, settle
from ._errors import Missing, PlacetError
from ._held import ApprovalRequest, Refusal, SignOff
from ._say import warn
from ._steps import Ask, Ended, Step, Tell, approval_of
from ._types import Status

if TYPE_CHECKING:
    from ._drive import Carrier
    from ._protocols import ApprovalStore

PERSON = "store"
"""Who answers, where a store says only yes or no."""

LOOK_EVERY = 0.25
"""How often a wait on an event loop looks into the store, in seconds."""


class Mirror:
    """Whoever looks after a store: tells it what waits and what does not, and asks it for answers."""

    def __init__(self, store: ApprovalStore) -> None:
        self._store = store
        self._open: dict[str, ApprovalRequest] = {}
        """What the store was told of, and not of its end."""
        self._heard: dict[str, Any] = {}
        """The last answer to each, so that it is heard only once."""

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
        if self._open.pop(request_id, None) is not None:
            self._call("ended", request_id, of.status)

    def ask(self, carrier: Carrier, of: Ask) -> Any:
        """Looks into the store until the action is settled, by whomever."""
        self.tell(carrier, of)
        until = math.inf if of.within is None else time.monotonic() + of.within
        while True:
            left = min(carrier.look_every, until - time.monotonic())
            found = carrier.do(settle(of, max(0.0, left)))
            if found["status"] != "pending":
                return found
            is_last = time.monotonic() >= until
            if not self.take(carrier, approval_of(of.action_id)) and is_last:
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
            if is_open and await self.atake(carrier, approval_of(of.action_id)):
                return await carrier.ado(settle(of, LOOK_EVERY))
            return found
        finally:
            settled.cancel()

    def take(self, carrier: Carrier, request_id: str) -> bool:
        """Takes in what the store has as an answer; whether it was one that counts."""
        answer = self._answer(request_id)
        try:
            return answer is not None and bool(carrier.do(_reply(request_id, answer)))
        except PlacetError as error:
            return self._was_refused(error)

    async def atake(self, carrier: Carrier, request_id: str) -> bool:
        """The same on the running event loop."""
        answer = self._answer(request_id)
        try:
            return answer is not None and bool(await carrier.ado(_reply(request_id, answer)))
        except PlacetError as error:
            return self._was_refused(error)

    def collect(self, carrier: Carrier) -> int:
        """Takes in all answers, and tells the store what waits no more; how many answers counted."""
        taken = sum(self.take(carrier, request_id) for request_id in list(self._open))
        for request_id in list(self._open):
            self.check(carrier, request_id)
        return taken

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

    def _answer(self, request_id: str) -> Any:
        """What the store has, where that is an answer at all and was not heard before."""
        answer = self._call("answer", request_id)
        if answer is None:
            return None
        if answer is not True and answer is not False and type(answer) not in (SignOff, Refusal):
            warn("the store of approvals gave %s, which is no answer", type(answer).__name__)
            dispose(answer)
            return None
        if answer == self._heard.get(request_id):
            return None
        self._heard[request_id] = answer
        return answer

    def _was_refused(self, error: PlacetError) -> bool:
        warn("an answer of the store of approvals was not taken in: %s", error)
        return False

    def _call(self, name: str, *arguments: Any) -> Any:
        """Calls the store. What it raises stops nobody: the action waits all the same."""
        try:
            return getattr(self._store, name)(*arguments)
        except Exception as error:
            warn("the store of approvals failed in %s", name, error=error)
            return None


def _reply(request_id: str, answer: bool | SignOff | Refusal) -> Step:
    return reply_of(answer, request_id, PERSON)
