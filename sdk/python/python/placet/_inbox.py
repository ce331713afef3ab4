"""What people have to answer, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import _given
from ._errors import Missing
from ._step import PAGE, Step
from ._types import ResolveOutcome, Status

if TYPE_CHECKING:
    from ._held import ApprovalRequest
    from ._drive import Carrier
    from ._mirror import Mirror


class Inbox:
    """The part of a guard that is about held actions."""

    _carrier: Carrier
    _mirror: Mirror | None

    def pending(self, tenant: str | None = None) -> list[ApprovalRequest]:
        """What waits for people, the oldest first: all of it, or all of one tenant's."""
        from ._held import ApprovalRequest

        of = _given.tenant(tenant)
        waiting: dict[str, ApprovalRequest] = {}
        last = None
        while True:
            body = {"tenant": of, "after": last}
            listed = self._carrier.do(Step("pending", body=body))["approvals"]
            page = [ApprovalRequest.from_wire(held) for held in listed]
            before = len(waiting)
            waiting.update((request.request_id, request) for request in page)
            if len(page) < PAGE or len(waiting) == before:
                return list(waiting.values())
            last = page[-1].request_id

    def resolve(
        self,
        request_id: str,
        approved: bool,
        *,
        actor: str | None = None,
        groups: Iterable[str] = (),
        reason: str | None = None,
        params: Mapping[str, Any] | None = None,
        **statements: str,
    ) -> ResolveOutcome:
        """Answers a held action. The first answer wins; only ``True`` itself approves. What no held
        action has as its id is ``UNKNOWN``.

        ``statements`` are the fields that the approval asks for. In this process ``actor`` is who
        answers, and that it is them is for the program to know; at a daemon the key says who.
        """
        step = _resolving(request_id, approved, actor, groups, reason, params, statements)
        try:
            _given.request_id(request_id)
            return ResolveOutcome(self._carrier.do(step)["outcome"])
        except Missing:
            return ResolveOutcome.UNKNOWN

    async def aresolve(
        self,
        request_id: str,
        approved: bool,
        *,
        actor: str | None = None,
        groups: Iterable[str] = (),
        reason: str | None = None,
        params: Mapping[str, Any] | None = None,
        **statements: str,
    ) -> ResolveOutcome:
        """The same on the running event loop."""
        step = _resolving(request_id, approved, actor, groups, reason, params, statements)
        try:
            _given.request_id(request_id)
            return ResolveOutcome((await self._carrier.ado(step))["outcome"])
        except Missing:
            return ResolveOutcome.UNKNOWN

    def withdraw(self, request_id: str) -> None:
        """Takes a held action back. Raises :class:`~placet.Missing` where there is none."""
        step = Step("withdraw", body={"id": _given.request_id(request_id)})
        if self._carrier.do(step)["outcome"] == ResolveOutcome.UNKNOWN.value:
            raise Missing(f"there is no approval {request_id}")

    def collect(self) -> int:
        """Takes in the answers that lie in the store of approvals; how many there were that count.

        It also tells the store what waits no more. A call that waits does so itself; this is for
        what was proposed, or returned at once, and for a program that looks after the store.
        """
        return 0 if self._mirror is None else self._mirror.collect(self._carrier)

    def status(self, action_id: str) -> Status:
        """What became of an action. Raises :class:`~placet.Missing` where there is none."""
        step = Step("follow", body={"id": _given.action_id(action_id)})
        return Status(self._carrier.do(step)["status"])

    def wait(self, action_id: str) -> Status:
        """The same, once it is pending no more."""
        step = Step("settle", body={"id": _given.action_id(action_id)})
        return Status(self._carrier.do(step)["status"])

    async def await_(self, action_id: str) -> Status:
        """The same on the running event loop."""
        step = Step("settle", body={"id": _given.action_id(action_id)})
        return Status((await self._carrier.ado(step))["status"])


def _resolving(
    request_id: str,
    approved: bool,
    actor: str | None,
    groups: Iterable[str],
    reason: str | None,
    params: Mapping[str, Any] | None,
    statements: Mapping[str, str],
) -> Step:
    from ._reply import given

    if approved is not True and approved is not False:
        raise TypeError(f"approved is True or False, not {type(approved).__name__}")
    said = dict(statements)
    if not approved:
        said["reason"] = reason or "it was denied without a reason"
    elif reason is not None:
        raise TypeError("a reason goes with a no; write statements by the names of their fields")
    return given(request_id, approved, actor or "operator", groups, said, params)
