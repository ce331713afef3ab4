"""On an event loop: no wait takes a thread, and what nobody waits for is taken back."""

import asyncio
import functools
import inspect
import os
import random
import resource
import threading
import time

import pytest
from conftest import PATIENCE, policy

from placet import (
    Blocked,
    Changed,
    Guard,
    Invalid,
    Missing,
    PlacetError,
    ResolveOutcome,
    Status,
    observing,
    supervised,
)
from placet._step import Step
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


def passed(function):
    """An ordinary decorator, which knows nothing of async functions."""

    @functools.wraps(function)
    def on(*args, **kwargs):
        return function(*args, **kwargs)

    return on


def came_of_it(backend, guard):
    """What came of the actions of a guard, in their order."""
    ids = [event["decided"]["id"] for event in backend.log(guard) if "decided" in event]
    return [guard.status(one) for one in ids]


def an_async_function(guard, ran, tool="get_order"):
    """One below an ordinary decorator, which fails where it is told to."""

    @supervised(tool, guard=guard)
    @passed
    async def run(amount):
        await asyncio.sleep(0)
        ran.append(amount)
        if amount == 13:
            raise LookupError("no such order")
        return amount

    return run


def test_an_async_function_below_an_ordinary_decorator_is_awaited(backend):
    guard, ran = backend.open(), []
    run = an_async_function(guard, ran)

    async def main():
        assert await run(7) == 7
        with pytest.raises(LookupError):
            await run(13)
        with pytest.raises(Blocked):
            await an_async_function(guard, ran, "issue_refund")(5000)

    asyncio.run(main())
    # Its name is called before there is a loop.
    assert asyncio.run(run(8)) == 8
    with pytest.raises(LookupError):
        asyncio.run(run(13))
    assert ran == [7, 13, 8, 13]
    done, failed = Status.SUCCEEDED, Status.FAILED
    assert came_of_it(backend, guard) == [done, failed, Status.BLOCKED, done, failed]


def test_nobody_is_asked_before_it_is_clear_that_it_can_be_awaited(guard):
    """And while people think, the loop goes on."""
    run = an_async_function(guard, ran := [], "issue_refund")

    async def main():
        call = asyncio.ensure_future(run(10))
        [held] = await until(guard.pending)
        assert ran == []
        assert await guard.aresolve(held.request_id, True, actor="ann")
        assert await asyncio.wait_for(call, PATIENCE) == 10
        return held.action_id

    assert guard.status(asyncio.run(main())) is Status.SUCCEEDED


def test_a_gate_of_such_a_function_is_awaited(backend):
    guard = backend.open(confirm=lambda request: request.params != {"amount": 11})

    @guard.gate
    @passed
    async def get_order(amount):
        return amount

    async def main():
        assert await get_order(10) == 10
        assert not await get_order(11)

    asyncio.run(main())
    assert asyncio.run(get_order(10)) == 10


@pytest.mark.parametrize("params", [7, object()], ids=["frozen", "not to be frozen"])
def test_in_shadow_such_a_function_is_awaited_as_well(backend, params):
    guard, ran = backend.open(policy(mode="shadow")), []
    run = an_async_function(guard, ran, "drop_database")

    async def main():
        assert await run(params) is params

    asyncio.run(main())
    assert asyncio.run(run(params)) is params
    assert ran == [params] * 2
    call = guard.execute("drop_database", {"id": 7}, echo)
    assert asyncio.run(call) == {"id": 7}


def test_what_changes_before_it_is_awaited_is_not_run(guard):
    class Line:
        amount = 1

    line, ran = Line(), []

    @supervised("get_order", guard=guard, payload=lambda line: {"amount": line.amount})
    @passed
    async def run(line):
        ran.append(line)

    call = run(line)
    line.amount = 2
    with pytest.raises(Changed) as changed:
        asyncio.run(call)
    assert ran == [] and guard.status(changed.value.action_id) is Status.FAILED


def test_a_task_is_given_as_it_is_and_its_end_is_told(backend):
    guard = backend.open()

    async def main():
        end = asyncio.Event()

        async def works():
            await end.wait()
            return "done"

        started = guard.execute("get_order", {}, lambda *_: asyncio.ensure_future(works()))
        assert isinstance(started, asyncio.Task)
        assert came_of_it(backend, guard)[0] is not Status.SUCCEEDED
        end.set()
        assert await started == "done"
        await until(lambda: came_of_it(backend, guard) == [Status.SUCCEEDED])

    asyncio.run(main())


def test_other_values_that_can_be_awaited_are_values(guard):
    class Query:
        def __await__(self):
            yield

    assert isinstance(guard.execute("get_order", {}, lambda *_: Query()), Query)


@pytest.fixture
def counts(guard):
    """A generator that is supervised, and what it has done."""
    did = []

    @supervised("get_order", guard=guard)
    def count(to):
        did.append("began")
        for number in range(to):
            did.append((yield number))
        if to == 3:
            raise LookupError("no such order")
        return "all"

    return count, did


def test_a_generator_is_decided_on_at_its_call_and_its_outcome_is_that_of_its_end(counts, backend, guard):
    count, did = counts
    going = count(2)
    assert inspect.isgenerator(going) and did == []
    [status] = came_of_it(backend, guard)
    assert status not in (Status.SUCCEEDED, Status.FAILED)
    assert next(going) == 0 and going.send("sent") == 1 and did == ["began", "sent"]
    assert came_of_it(backend, guard) == [status]
    with pytest.raises(StopIteration) as end:
        next(going)
    assert end.value.value == "all"
    with pytest.raises(LookupError):
        list(count(3))
    # Who ends it before its end has what it did so far.
    broken = count(5)
    next(broken)
    broken.close()
    done, failed = Status.SUCCEEDED, Status.FAILED
    assert came_of_it(backend, guard) == [done, failed, failed]
    refund = supervised("issue_refund", guard=guard)(lambda amount: (yield amount))
    with pytest.raises(Blocked):
        refund(5000)


def test_an_async_generator_is_decided_on_when_it_is_begun(backend, guard):
    did = []

    async def counting(to):
        did.append("began")
        for number in range(to):
            did.append((yield number))
        if to == 3:
            raise LookupError("no such order")

    count = supervised("get_order", guard=guard)(counting)
    assert inspect.isasyncgenfunction(count)

    async def main():
        going = count(2)
        assert did == [] and came_of_it(backend, guard) == []
        assert await going.__anext__() == 0 and await going.asend("sent") == 1
        assert did == ["began", "sent"]
        with pytest.raises(StopAsyncIteration):
            await going.__anext__()
        with pytest.raises(LookupError):
            assert [number async for number in count(3)] == []
        broken = count(5)
        await broken.__anext__()
        await broken.aclose()
        thrown = count(5)
        await thrown.__anext__()
        with pytest.raises(KeyError):
            await thrown.athrow(KeyError("x"))
        assert [number async for number in guard.execute("get_order", {}, lambda *_: counting(2))] == [0, 1]

        async def refunding(amount):
            yield did.append(amount)

        with pytest.raises(Blocked):
            await supervised("issue_refund", guard=guard)(refunding)(5000).__anext__()
        with pytest.raises(Invalid):
            await count(object()).__anext__()

    asyncio.run(main())
    done, failed = Status.SUCCEEDED, Status.FAILED
    found = came_of_it(backend, guard)
    assert found == [done, failed, failed, failed, done, Status.BLOCKED, Status.BLOCKED]


def test_in_shadow_generators_go_on(backend):
    guard = backend.open(policy(mode="shadow"))

    async def acounting(of):
        yield of

    def counting(of):
        yield of

    async def main(of):
        return [one async for one in supervised("drop_database", guard=guard)(acounting)(of)]

    for of in (7, object()):
        assert list(supervised("drop_database", guard=guard)(counting)(of)) == [of]
        assert asyncio.run(main(of)) == [of]


def test_what_cannot_be_started_leaves_nothing_behind():
    with Guard(policy(mode="shadow")) as guard:

        async def main():
            [desk] = [guard._carrier._desk()]
            for _ in range(3):
                with pytest.raises(PlacetError):
                    await guard._carrier.ado(Step("follow", body={"id": "act_nonsense"}))
            guard.close()
            for _ in range(3):
                assert await guard.aexecute("get_order", {"id": 7}, echo) == {"id": 7}
            assert not (desk._waiting and desk._waiting())
            assert not asyncio.get_running_loop().remove_reader(desk._mailbox.fileno())

        asyncio.run(main())


class Lazy:
    """It does something as soon as somebody asks what it is."""

    @property
    def __class__(self):
        raise LookupError("there is no request")


@pytest.mark.parametrize("mode", [None, "shadow"])
def test_what_a_function_gives_is_not_asked_what_it_is(backend, mode):
    guard, lazy = backend.open(policy(on_review="shadow"), mode=mode), Lazy()
    assert guard.execute("get_order", {}, lambda *_: lazy) is lazy
    assert asyncio.run(guard.aexecute("get_order", {}, lambda *_: lazy)) is lazy
    assert set(came_of_it(backend, guard)) <= {Status.SUCCEEDED, Status.ALLOWED}
