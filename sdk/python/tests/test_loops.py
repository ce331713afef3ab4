"""What an event loop leaves behind when it ends: nothing that waits for people, and nothing in memory."""

import asyncio
import gc
import threading
import time

import pytest
from conftest import PATIENCE, nothing_waits, policy
from test_outcomes import all_failed, outcomes

from placet import Status

pytestmark = [
    # What the HTTP client leaves where it is ended while it connects.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]

RUNS = 200


class Seen:
    """Sees when a step is asked for."""

    def __init__(self, guard, name):
        self.guard, self.name = guard, name
        self.begun = threading.Event()

    def __enter__(self):
        self.before = self.guard._carrier.ado
        self.guard._carrier.ado = self.ado
        return self

    async def ado(self, step):
        if step.name == self.name:
            self.begun.set()
        return await self.before(step)

    def __exit__(self, *_):
        del self.guard._carrier.ado


async def begun(call, seen):
    """A task in which a step was asked for and is not answered yet."""
    task = asyncio.ensure_future(call)
    while not seen.begun.is_set():
        await asyncio.sleep(0)
    # Now it is on its way.
    await asyncio.sleep(0)
    return task


def never(*_):
    raise AssertionError("it ran")


@pytest.mark.parametrize("how", ["cancelled", "left", "closed"])
def test_what_is_proposed_while_its_loop_ends_is_taken_back(backend, guard, how):
    for n in range(10):
        loop = asyncio.new_event_loop()
        with Seen(guard, "propose") as seen:
            call = guard.aexecute("issue_refund", {"amount": "1", "n": n}, never)
            task = loop.run_until_complete(begun(call, seen))
        if how == "cancelled":
            # Its loop hears of nothing any more.
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()
        if how == "closed":
            call.close()
        task._log_destroy_pending = False
        del call, task, loop, seen
        gc.collect()
    # Each was decided on, or never arrived.
    assert nothing_waits(guard)


def test_what_is_spent_while_its_loop_ends_did_not_run(backend, guard):
    for n in range(10):
        loop = asyncio.new_event_loop()
        with Seen(guard, "redeem") as seen:
            call = guard.aexecute("get_order", {"n": n}, never)
            task = loop.run_until_complete(begun(call, seen))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()
    assert all_failed(backend, guard) and len(outcomes(backend, guard)) == 10


def test_an_outcome_that_is_being_told_while_its_loop_ends_is_told(backend, guard):
    for n in range(10):
        loop = asyncio.new_event_loop()
        with Seen(guard, "conclude") as seen:
            call = guard.aexecute("get_order", {"n": n}, lambda tool, params: params)
            task = loop.run_until_complete(begun(call, seen))
        task.cancel()
        loop.run_until_complete(asyncio.wait([task]))
        loop.close()
    until = time.monotonic() + PATIENCE
    while set(found := outcomes(backend, guard)) != {Status.SUCCEEDED} and time.monotonic() < until:
        time.sleep(0.01)
    assert found == [Status.SUCCEEDED] * 10


def test_run_that_ends_at_once_leaves_nothing_open(guard):
    async def main(n):
        task = asyncio.ensure_future(guard.aexecute("issue_refund", {"amount": "1", "n": n}, never))
        for _ in range(n % 7):
            await asyncio.sleep(0)
        # The end of the loop cancels it.
        return task

    for n in range(40):
        assert asyncio.run(main(n)).cancelled()
    assert nothing_waits(guard)


def alive():
    """How much there is that belongs to calls."""
    for _ in range(3):
        gc.collect()
    kinds = (asyncio.Task, asyncio.Future, asyncio.AbstractEventLoop)
    return sum(isinstance(it, kinds) for it in gc.get_objects())


def run(main):
    asyncio.run(main)


def leave(main):
    """Runs it on a loop that is closed without ending what runs on it."""
    loop = asyncio.new_event_loop()
    for task in loop.run_until_complete(main):
        task._log_destroy_pending = False
    loop.close()


@pytest.mark.parametrize("ends", [run, leave])
@pytest.mark.parametrize("stage", ["proposed", "held"])
def test_closed_loops_leave_nothing_in_memory(backend, ends, stage):
    if backend.kind == "daemon" and ends is leave:
        pytest.skip("anyio, below the HTTP client, holds tasks that never come to an end")
    runs = RUNS if backend.kind == "in process" else RUNS // 10
    guard = backend.open(policy())

    async def main(n):
        call = guard.aexecute("issue_refund", {"amount": "1", "n": n}, never)
        with Seen(guard, "propose" if stage == "proposed" else "settle") as seen:
            return [await begun(call, seen)]

    counts = []
    for n in range(runs):
        ends(main(n))
        if n in (3, runs - 1):
            counts.append(alive())
    # Of the last one something may be left.
    assert counts[1] - counts[0] < runs // 4, counts
    assert nothing_waits(guard)
