"""Whatever ends a call, the log knows, and who called gets what was raised."""

import asyncio

import pytest
from conftest import nothing_waits, policy
from test_outcomes import all_failed, outcomes

from placet import Guard, Status, Unavailable, supervised


def stops(*_):
    raise StopIteration("at the end")


@pytest.mark.parametrize("mode", [None, "shadow"])
def test_a_function_may_raise_what_ends_an_iteration(backend, mode):
    guard = backend.open(policy(on_review="shadow"), mode=mode)
    with pytest.raises(StopIteration, match="at the end") as raised:
        guard.execute("get_order", {}, stops)
    assert raised.value.__cause__ is None and raised.value.__context__ is None
    assert all_failed(backend, guard)


class Countdown:
    def __init__(self, guard):
        self.left = 3
        self.next = supervised("get_order", guard=guard)(self.one)

    def one(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left

    def __iter__(self):
        return self

    def __next__(self):
        return self.next()


def test_a_supervised_iterator_comes_to_its_end():
    with Guard(policy(), store=":memory:") as guard:
        assert [*Countdown(guard)] == [2, 1, 0]


def test_an_async_function_may_too(backend):
    guard = backend.open()

    async def ends(*_):
        raise StopAsyncIteration("at the end")

    with pytest.raises(StopAsyncIteration, match="at the end"):
        asyncio.run(guard.aexecute("get_order", {}, ends))
    # Python itself lets no coroutine raise it.
    with pytest.raises(RuntimeError, match="coroutine raised StopIteration"):
        asyncio.run(guard.aexecute("get_order", {}, stops))
    assert outcomes(backend, guard) == [Status.FAILED, Status.FAILED]


@pytest.mark.parametrize("review_timeout", [None, 60])
def test_what_is_closed_while_it_waits_is_taken_back(backend, review_timeout):
    guard, held = backend.open(review_timeout=review_timeout), []

    async def until_it_waits():
        going = guard.aexecute("drop_database", {"it": 1}, stops)
        held.append((going, asyncio.create_task(going)))
        while not await asyncio.to_thread(guard.pending):
            await asyncio.sleep(0)
        # Until it is waited for, too.
        for _ in range(20):
            await asyncio.to_thread(guard.pending)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(until_it_waits())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert guard.pending()
    held[0][0].close()
    assert nothing_waits(guard)


def test_whoever_is_asked_may_end_the_call(backend):
    def confirm(_):
        raise GeneratorExit("away")

    guard = backend.open(confirm=confirm)
    for _ in range(2):
        with pytest.raises(GeneratorExit, match="away"):
            guard.execute("drop_database", {}, stops)
        assert nothing_waits(guard)
    with pytest.raises(GeneratorExit, match="away"):
        asyncio.run(guard.aexecute("drop_database", {}, stops))
    assert nothing_waits(guard)


def test_a_function_may_raise_what_closes_a_generator(backend, guard):
    def closes(*_):
        raise GeneratorExit("closed")

    with pytest.raises(GeneratorExit, match="closed"):
        guard.execute("get_order", {}, closes)
    assert all_failed(backend, guard)


class Unsayable(Exception):
    def __str__(self):
        raise KeyboardInterrupt


def test_an_exception_that_cannot_be_written_down_is_raised_as_it_is(backend, guard):
    def fails(*_):
        raise Unsayable

    with pytest.raises(Unsayable):
        guard.execute("get_order", {}, fails)
    assert all_failed(backend, guard)


@pytest.mark.parametrize("mode", [None, "shadow"])
def test_another_event_loop_than_that_of_asyncio_is_refused_with_the_reason(backend, mode):
    guard = backend.open(policy(on_review="shadow"), mode=mode)
    going = guard.aexecute("get_order", {}, lambda tool, params: "it ran")
    if mode == "shadow":
        with pytest.raises(StopIteration) as ended:
            going.send(None)
        assert ended.value.value == "it ran"
    else:
        with pytest.raises(Unavailable, match="asyncio"):
            going.send(None)
