"""A daemon that is away for a moment: who waits for people goes on waiting, and nothing runs meanwhile."""

import asyncio
import threading
import time

import pytest
from conftest import PATIENCE, Daemon, first_pending, nothing_waits, policy
from faulty import SETTLE, Faulty

from placet import Guard, Unavailable

WITHDRAW = r"/withdraw$"


@pytest.fixture
def people(daemon):
    with Guard.connect(daemon.url, daemon.agent, approver_key=daemon.approver) as guard:
        yield guard


def both(guard):
    """A call now, and on an event loop."""
    return guard.execute, lambda *of: asyncio.run(guard.aexecute(*of))


class Call(threading.Thread):
    """A call that waits, and what comes of it."""

    def __init__(self, call, amount):
        super().__init__(daemon=True)
        self.call, self.params, self.ran, self.given = call, {"amount": amount}, [], []
        self.start()

    def run(self):
        try:
            given = self.call("issue_refund", self.params, lambda *_: self.ran.append(1) or "ran")
        except Unavailable as error:
            given = error
        self.given.append(given)

    def ended(self):
        self.join(PATIENCE)
        [given] = self.given
        return given


def asked_again(proxy, often):
    """Waits until a proxy was asked so often about what waits."""
    until = time.monotonic() + PATIENCE
    while proxy.asked < often:
        assert time.monotonic() < until
        time.sleep(0.01)


class Away(Faulty):
    """A proxy that counts how often it did not let a request through."""

    asked = 0

    def answer(self, request):
        if self.fault is not None:
            self.asked += 1
        super().answer(request)


@pytest.mark.parametrize("fault", ["closes", 503], ids=str)
@pytest.mark.parametrize("way", [0, 1])
def test_a_wait_goes_on_when_the_daemon_is_back(daemon, people, fault, way):
    """What is away is away for longer than a request is sent again at once."""
    with (
        Away(daemon.url, fault, SETTLE) as proxy,
        Guard.connect(proxy.url, daemon.agent, timeout=PATIENCE) as guard,
    ):
        call = Call(both(guard)[way], f"{way + 1}.{fault if isinstance(fault, int) else 1}")
        held = first_pending(people, **call.params)
        asked_again(proxy, 8)
        assert people.status(held.action_id).value == "pending" and not call.given
        people.resolve(held.request_id, True)
        # It is approved, but the daemon does not say so yet.
        asked_again(proxy, 12)
        assert not call.given and not call.ran
        proxy.fault = None
        assert call.ended() == "ran" and call.ran == [1]


@pytest.mark.parametrize("way", [0, 1])
def test_who_has_to_give_up_takes_back_what_was_asked_when_the_daemon_is_back(daemon, people, way):
    with (
        Away(daemon.url, "closes", f"{SETTLE}|{WITHDRAW}") as proxy,
        Guard.connect(proxy.url, daemon.agent, timeout=0.3) as guard,
    ):
        call = Call(both(guard)[way], f"3.{way}")
        held = first_pending(people, **call.params)
        given = call.ended()
        assert isinstance(given, Unavailable) and "did not answer" in str(given)
        before = proxy.asked
        asked_again(proxy, before + 6)
        assert people.status(held.action_id).value == "pending"
        proxy.fault = None
        assert nothing_waits(people) and not call.ran
        assert people.status(held.action_id).value == "withdrawn"


@pytest.mark.parametrize("way", [0, 1])
def test_nobody_waits_longer_than_they_said_because_the_daemon_is_away(daemon, people, way):
    with (
        Away(daemon.url, "closes", SETTLE) as proxy,
        Guard.connect(proxy.url, daemon.agent, timeout=100 * PATIENCE, review_timeout=0.3) as guard,
    ):
        call = Call(both(guard)[way], f"4.{way}")
        assert isinstance(call.ended(), Unavailable) and not call.ran
    assert nothing_waits(people)


def test_what_is_closed_meanwhile_says_so(daemon, people):
    with Away(daemon.url, "closes", SETTLE) as proxy:
        guard = Guard.connect(proxy.url, daemon.agent, timeout=100 * PATIENCE)
        calls = [Call(call, f"5.{way}") for way, call in enumerate(both(guard))]
        for call in calls:
            first_pending(people, **call.params)
        asked_again(proxy, 8)
        guard.close()
        assert ["closed" in str(call.ended()) for call in calls] == [True, True]
    assert nothing_waits(people)


def test_a_daemon_that_is_started_again_ends_no_wait(tmp_path):
    daemon = Daemon(tmp_path, policy())
    with Guard.connect(daemon.url, daemon.agent, timeout=PATIENCE) as guard:
        calls = [Call(call, f"6.{way}") for way, call in enumerate(both(guard) * 2)]
        with Guard.connect(daemon.url, daemon.agent, approver_key=daemon.approver) as people:
            for call in calls:
                first_pending(people, **call.params)
            daemon.stop()
            daemon.start(daemon.url.removeprefix("http://"))
            assert not any(call.given for call in calls)
            for held in people.pending():
                people.resolve(held.request_id, True)
        assert [call.ended() for call in calls] == ["ran"] * 4
    daemon.stop()


class Tickets:
    """A store of the program's own, in which somebody answers later."""

    def __init__(self):
        self.said = {}

    def put(self, request):
        self.said.setdefault(request.request_id, None)

    def answer(self, request_id):
        return self.said[request_id]

    def ended(self, request_id, status):
        del self.said[request_id]


@pytest.mark.parametrize("way", [0, 1])
def test_a_store_of_the_programs_own_is_looked_into_when_the_daemon_is_back(daemon, people, way):
    tickets = Tickets()
    settings = {"approver_key": daemon.approver, "approvals": tickets, "timeout": PATIENCE}
    with (
        Away(daemon.url, "closes", SETTLE) as proxy,
        Guard.connect(proxy.url, daemon.agent, **settings) as guard,
    ):
        call = Call(both(guard)[way], f"7.{way}")
        held = first_pending(people, **call.params)
        # For longer than the store is left alone at a time.
        asked_again(proxy, 18)
        tickets.said[held.request_id] = True
        assert not call.given
        proxy.fault = None
        assert call.ended() == "ran" and tickets.said == {}
