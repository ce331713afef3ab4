"""On an event loop: no wait takes a thread, and what nobody waits for is taken back."""

import asyncio
import inspect
import os
import random
import resource
import threading
import time

import pytest
from conftest import PATIENCE

from placet import Blocked, Missing, ResolveOutcome, Status, observing, supervised
from placet._within import within


LONG = 4 * PATIENCE
"""How long a test waits for a thousand of something, in seconds."""


AT_A_DAEMON = 1_000 if os.environ.get("PLACET_NIGHTLY") else 200
"""How many wait at a daemon. A thousand take a minute where everything is built for debugging."""


async def until(look, every=0.01, patience=PATIENCE):
    """What a look gives, as soon as it gives something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := look():
            return found
        await asyncio.sleep(every)
    raise AssertionError("it did not come")


async def echo(tool, params):
    await asyncio.sleep(0)
    return params


def test_an_async_call_waits_and_runs(guard):
    async def main():
        call = asyncio.create_task(guard.aexecute("issue_refund", {"amount": "10"}, echo))
        [held] = await until(guard.pending)
        assert await guard.aresolve(held.request_id, True, actor="ann") is ResolveOutcome.RESOLVED
        assert await asyncio.wait_for(call, PATIENCE) == {"amount": "10"}
        assert guard.status(held.action_id) is Status.SUCCEEDED

    asyncio.run(main())


@pytest.mark.parametrize(("answer", "status"), [(True, Status.APPROVED), (False, Status.DENIED)])
def test_who_did_not_wait_can_wait_later(guard, answer, status):
    async def main():
        decision = await guard.apropose("issue_refund", params={"amount": "10"})
        waits = [asyncio.create_task(guard.await_(decision.id)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(wait.done() for wait in waits)
        # Whoever gives up waits for nothing, and takes nothing back.
        waits.pop().cancel()
        assert await guard.aresolve(decision.approval.id, answer, actor="ann")
        assert await asyncio.wait_for(asyncio.gather(*waits), PATIENCE) == [status] * 2
        assert await guard.await_(decision.id) is guard.wait(decision.id) is status
        with pytest.raises(Missing):
            await guard.await_("act_0198c2f4-5b1c-7d2e-8a3f-1b2c3d4e5f60")

    asyncio.run(main())


def test_cancelling_a_wait_takes_the_action_back(guard):
    async def main():
        call = asyncio.create_task(guard.aexecute("issue_refund", {"amount": "10"}, echo))
        [held] = await until(guard.pending)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: guard.status(held.action_id) is Status.WITHDRAWN)

    asyncio.run(main())


def test_cancelling_at_any_moment_leaves_nothing_open(guard):
    ran = []

    async def main():
        for turns in range(40):
            run = lambda *of: ran.append(of)
            call = asyncio.create_task(guard.aexecute("issue_refund", {"amount": "10"}, run))
            for _ in range(turns):
                await asyncio.sleep(0 if turns < 30 else 0.002)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        await until(lambda: guard.pending() == [])
        assert ran == []

    asyncio.run(main())


def test_cancelling_what_runs_is_reported(backend):
    asked = []
    guard = backend.open(confirm=lambda request: asked.append(request) or True)

    async def main():
        started = asyncio.Event()

        async def hangs(tool, params):
            started.set()
            await asyncio.sleep(PATIENCE)

        call = asyncio.create_task(guard.aexecute("issue_refund", {"amount": "1"}, hangs))
        await started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: guard.status(asked[0].action_id) is Status.FAILED)

    asyncio.run(main())


def test_cancelling_many_waits_takes_no_threads(guard):
    async def main():
        peak = before = threading.active_count()
        calls = [
            asyncio.create_task(guard.aexecute("issue_refund", {"amount": "1", "n": n}, echo))
            for n in range(80)
        ]
        await until(lambda: len(guard.pending()) == 80)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls, timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            peak = max(peak, threading.active_count())
            if not guard.pending():
                break
            await asyncio.sleep(0.001)
        # Who tells the daemon, and who sends for them and for us.
        assert guard.pending() == [] and peak <= before + 4

    asyncio.run(main())


@pytest.fixture
def many_files():
    """Each wait at a daemon has a connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4_096 if hard == resource.RLIM_INFINITY else min(4_096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_waits_take_no_threads_and_each_is_woken_by_its_own_answer(many_files, backend):
    count = 1_000 if backend.kind == "in process" else AT_A_DAEMON
    guard = backend.open(**({"timeout": LONG} if backend.kind == "daemon" else {}))

    async def main():
        before = threading.active_count()
        calls = [
            asyncio.create_task(guard.aexecute("issue_refund", {"amount": "1", "n": n}, echo))
            for n in range(count)
        ]
        held = await until(lambda: (it := guard.pending()) and len(it) == count and it, 1, LONG)
        assert threading.active_count() <= before + 1
        random.Random(1).shuffle(held)
        for one in held:
            assert await guard.aresolve(one.request_id, True, actor="ann")
        _, late = await asyncio.wait(calls, timeout=LONG)
        assert not late, [guard.status(held[0].action_id) for _ in late]
        assert [call.result()["n"] for call in calls] == list(range(count))
        assert guard.pending() == []

    asyncio.run(main())


def test_an_async_callback_answers(backend):
    async def confirm(request):
        await asyncio.sleep(0)
        return request.params["amount"] == "10"

    guard = backend.open(confirm=confirm)

    async def main():
        assert await guard.aexecute("issue_refund", {"amount": "10"}, echo)
        assert not await guard.aexecute("issue_refund", {"amount": "11"}, echo)

    asyncio.run(main())


def test_whoever_answers_first_wins_over_a_slow_callback(backend):
    async def confirm(request):
        await asyncio.sleep(PATIENCE)

    guard = backend.open(confirm=confirm)

    async def main():
        call = asyncio.create_task(guard.aexecute("issue_refund", {"amount": "10"}, echo))
        [held] = await until(guard.pending)
        await guard.aresolve(held.request_id, True, actor="bob")
        assert await asyncio.wait_for(call, PATIENCE)

    asyncio.run(main())


def test_one_decorator_for_sync_and_async(guard):
    @supervised("get_order", guard=guard)
    async def get_order(id):
        return id

    @supervised("issue_refund", guard=guard)
    async def refund(amount):
        raise AssertionError("it ran")

    assert inspect.iscoroutinefunction(get_order)

    async def main():
        assert await get_order(7) == 7
        with pytest.raises(Blocked):
            await refund("5000")

    asyncio.run(main())


def test_the_context_is_that_of_the_task(guard):
    async def one(name):
        with observing(session_id=name, goal=f"goal of {name}"):
            await asyncio.sleep(0)
            return await guard.apropose("issue_refund", params={"amount": "1", "of": name})

    async def main():
        await asyncio.gather(one("a"), one("b"))
        for held in guard.pending():
            assert held.session_id == held.params["of"]
            assert held.to_dict()["action"]["context"] == {"goal": f"goal of {held.session_id}"}

    asyncio.run(main())


def test_a_guard_serves_one_loop_after_the_other(guard):
    for _ in range(3):
        assert asyncio.run(guard.aexecute("get_order", {"id": 7}, echo)) == {"id": 7}


def test_what_misses_a_cancellation_is_cancelled_again():
    """Below Python 3.11 libraries do, now and then; a loop has to end all the same."""
    missed = []

    async def stubborn():
        for turn in range(4):
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                missed.append(turn)

    async def main():
        with pytest.raises(TimeoutError):
            await within(stubborn(), 0.01)

    start = time.monotonic()
    asyncio.run(main())
    assert missed == [0, 1, 2, 3] and time.monotonic() - start < PATIENCE / 2
