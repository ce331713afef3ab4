"""Whoever is told of what is held holds nothing up: the call waits for people, and not for them."""

import asyncio
import threading

import pytest
from conftest import PATIENCE, nothing_waits, policy

from placet import Guard


async def ran(*_):
    return "ran"


def hanging(began, ended):
    """A function that is told, and never comes to its end by itself."""

    async def told(request):
        began.append(request)
        try:
            await asyncio.sleep(100 * PATIENCE)
        finally:
            ended.append(request)

    return told


async def until(look):
    for _ in range(PATIENCE * 100):
        if found := await asyncio.to_thread(look):
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def test_an_approved_call_runs_although_the_telling_hangs(backend):
    began, ended = [], []
    guard = backend.open(on_request=hanging(began, ended))

    async def main():
        call = asyncio.ensure_future(guard.aexecute("issue_refund", {"amount": "10"}, ran))
        [held] = await until(guard.pending)
        await until(lambda: began)
        await asyncio.to_thread(guard.resolve, held.request_id, True)
        return await asyncio.wait_for(call, PATIENCE)

    assert asyncio.run(main()) == "ran"
    assert [request.tool for request in began] == ["issue_refund"] and ended == began


def test_a_wait_ends_in_its_time_although_the_telling_hangs(backend):
    began, ended = [], []
    guard = backend.open(on_request=hanging(began, ended), review_timeout=0.3)

    async def main():
        call = guard.aexecute("issue_refund", {"amount": "10"}, ran)
        denied = await asyncio.wait_for(call, PATIENCE)
        assert not denied and "nobody answered in time" in denied.reason
        # By then it is over, too.
        await until(lambda: ended)

    asyncio.run(main())
    assert nothing_waits(guard)


def test_a_telling_that_answers_comes_to_its_end(backend):
    begin, ended = threading.Event(), []

    async def told(request):
        await asyncio.to_thread(guard.resolve, request.request_id, True)
        await until(begin.is_set)
        ended.append(request.tool)

    async def main():
        call = guard.aexecute("issue_refund", {"amount": "10"}, ran)
        assert await asyncio.wait_for(call, PATIENCE) == "ran"
        begin.set()
        await until(lambda: ended)

    guard = backend.open(on_request=told)
    asyncio.run(main())
    assert ended == ["issue_refund"]


def test_who_does_not_wait_for_people_has_told_them(backend):
    ended = []

    async def told(request):
        await asyncio.sleep(0)
        ended.append(request.tool)

    guard = backend.open(on_request=told, on_review="fail_closed")
    assert not asyncio.run(guard.aexecute("issue_refund", {"amount": "10"}, ran))
    assert ended == ["issue_refund"]


def test_who_does_not_wait_for_people_does_not_wait_for_long_either(backend):
    began, ended = [], []
    hangs = hanging(began, ended)
    guard = backend.open(on_request=hangs, on_review="fail_closed", review_timeout=0.3)
    assert not asyncio.run(guard.aexecute("issue_refund", {"amount": "10"}, ran))
    assert [request.tool for request in ended] == ["issue_refund"]


def test_what_an_async_telling_raises_stops_nobody(backend, caplog):
    async def told(request):
        raise ZeroDivisionError

    guard = backend.open(on_request=told, confirm=lambda request: True)
    assert asyncio.run(guard.aexecute("issue_refund", {"amount": "10"}, ran)) == "ran"
    assert "on_request failed" in caplog.text


@pytest.mark.parametrize("is_async", [False, True])
def test_the_time_that_the_telling_takes_counts(is_async):
    took, left = 0.2, []
    told = lambda request: threading.Event().wait(took)
    with Guard(policy(), store=":memory:", on_request=told, review_timeout=0.4) as guard:
        name = "ado" if is_async else "do"
        carry = getattr(guard._carrier, name)

        def noting(step):
            if step.name == "settle":
                left.append(step.within)
            return carry(step)

        setattr(guard._carrier, name, noting)
        call = guard.execute
        if is_async:
            call = lambda *of: asyncio.run(guard.aexecute(*of))
        assert not call("issue_refund", {"amount": "10"}, print)
        assert left and all(0 <= one <= 0.4 - took for one in left)


def test_what_is_told_for_too_long_leaves_no_time_to_wait(backend):
    guard = backend.open(on_request=lambda request: threading.Event().wait(0.2), review_timeout=0.1)
    denied = guard.execute("issue_refund", {"amount": "10"}, print)
    assert not denied and "nobody answered in time" in denied.reason
    assert nothing_waits(guard)
