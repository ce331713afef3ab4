"""Whoever calls a supervised function hides nothing from the decision, however the arguments are made."""

import asyncio
import dataclasses

import pytest
from conftest import policy

from placet import Blocked, Changed, Guard, Invalid, ReviewPending, supervised


def refund(account, amount):
    raise AssertionError("it ran")


class Clerk:
    """Whose method hides itself, and nothing else."""

    def refund(self, amount):
        raise AssertionError("it ran")

    @staticmethod
    def of_nobody(amount):
        raise AssertionError("it ran")


def pretending(kind, **has):
    """A class that has a function, although it is none of its methods, and says what it likes of itself."""
    names = {"__module__": __name__, "__qualname__": "pretending.<locals>", **has}
    return type("Pretending", (kind,), names)


def waiting_for(guard, call):
    with pytest.raises(ReviewPending):
        call()
    return guard.pending()[-1].params


@pytest.mark.parametrize("given", ["999999", {"iban": "EVE"}])
def test_a_class_that_has_the_function_hides_no_argument(backend, given):
    guard = backend.open(on_review="fail_closed")
    pay = supervised("issue_refund", guard=guard)(refund)
    local = supervised("issue_refund", guard=guard)(lambda account, amount: None)
    for function in (pay, local):
        for has in ({"refund": function}, {"other": function, "__qualname__": "refund"}):
            account = pretending(type(given), **has)(given)
            params = waiting_for(guard, lambda function=function, it=account: function(it, "10"))
            assert params == {"account": given, "amount": "10"}

    @supervised("issue_refund", guard=guard)
    async def apay(account, amount):
        raise AssertionError("it ran")

    account = pretending(type(given), pay=apay)(given)
    assert waiting_for(guard, lambda: asyncio.run(apay(account, "10")))["account"] == given


def test_nor_from_a_cap_or_a_gate(backend):
    guard = backend.open()
    pay = supervised("issue_refund", guard=guard)(lambda amount, to="ann": None)
    with pytest.raises(Blocked, match="1000"):
        pay(pretending(str, pay=pay)("999999"), to="EVE")

    @guard.gate
    def issue_refund(amount, to="ann"):
        raise AssertionError("it ran")

    denied = issue_refund(pretending(str, pay=issue_refund)("999999"), to="EVE")
    assert not denied and "1000" in denied.reason


def test_a_method_still_leaves_its_object_out(backend):
    guard = backend.open(on_review="fail_closed")
    pay = supervised("issue_refund", guard=guard)(Clerk.refund)
    assert waiting_for(guard, lambda: pay(Clerk(), "10")) == {"amount": "10"}
    sub = type("Sub", (Clerk,), {})
    assert waiting_for(guard, lambda: pay(sub(), "11")) == {"amount": "11"}


def test_a_static_method_has_no_object(backend):
    guard = backend.open(on_review="fail_closed")
    static = supervised("issue_refund", guard=guard)(Clerk.of_nobody)
    namesake = pretending(str, of_nobody=static, __qualname__="Clerk")
    assert waiting_for(guard, lambda: static(namesake("999"))) == {"amount": "999"}


class Unsaid(type):
    @property
    def __module__(cls):
        raise RuntimeError("no module")


class Strange(metaclass=Unsaid):
    """Whose class has no module."""


def test_a_class_is_not_asked_what_it_is(backend):
    guard = backend.open()
    with pytest.raises(Invalid, match="cannot be written|no module"):
        supervised("issue_refund", guard=guard)(lambda amount: None)(Strange())


# What a payload= is made of.


class Says(dict):
    """Says one thing to whoever asks for an item, and has another."""

    def __getitem__(self, _):
        return "10"


class Shows(int):
    def __str__(self):
        return "10"

    __repr__ = __str__


class Sibling(dict):
    """Changes what stands beside it when it is looked at."""

    def __init__(self, beside):
        super().__init__()
        self.beside = beside

    @property
    def __class__(self):
        self.beside["amount"] = "999999"
        return dict


def beside():
    order = {"amount": "10"}
    return order, Sibling(order)


@pytest.mark.parametrize(
    ("payload", "arguments"),
    [
        (lambda order, _: {"amount": order["amount"]}, lambda: (Says(amount="99"), None)),
        (lambda order, _: {"amount": str(order)}, lambda: (Shows(99), None)),
        (lambda order, _: {"amount": order["amount"]}, beside),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_decided_on_is_read_from_what_the_function_gets(backend, payload, arguments, is_async):
    guard, shown, got = backend.open(confirm=lambda held: shown.append(held.params) or True), [], []
    pay = lambda order, beside: got.append(payload(order, beside))

    async def apay(order, beside):
        pay(order, beside)

    call = supervised("drop_database", guard=guard, payload=payload)(apay if is_async else pay)
    try:
        asyncio.run(call(*arguments())) if is_async else call(*arguments())
    except (Changed, Invalid):
        # What cannot be held still may be refused, and is not run.
        assert got == []
    else:
        assert shown == got


def test_a_payload_reads_the_object_of_a_method_and_the_defaults():
    class Desk:
        name = "front"

        @supervised("drop_database", payload=lambda self, amount, to="ann": {"of": self.name, "to": to})
        def pay(self, amount, to="ann"):
            return self.name, amount, to

    from placet import configure, unconfigure

    seen = []
    configure(Guard(policy(), store=":memory:", confirm=lambda held: seen.append(held.params) or True))
    try:
        assert Desk().pay("10") == ("front", "10", "ann")
    finally:
        unconfigure()
    assert seen == [{"of": "front", "to": "ann"}]


@dataclasses.dataclass
class Slow:
    """Somebody presses Ctrl-C while it is read for the time given."""

    at: int
    reads: int = 0


def pressed(slow):
    slow.reads += 1
    if slow.reads == vars(slow)["at"]:
        raise KeyboardInterrupt
    return vars(slow)["at"]


# Behind the decorator, which takes what stands in the class for a default.
Slow.at = property(pressed, lambda slow, at: vars(slow).update(at=at))


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("payload", [None, lambda it: {}])
@pytest.mark.parametrize("mode", [None, "shadow"])
def test_ctrl_c_ends_what_reads_the_arguments(payload, mode, at):
    if mode is not None and at > 1:
        pytest.skip("in shadow nothing is read again")
    with Guard(policy(on_review="shadow"), store=":memory:", mode=mode) as guard:
        read = supervised("get_order", guard=guard, payload=payload)(lambda it: pytest.fail("it ran"))
        with pytest.raises(KeyboardInterrupt):
            read(Slow(at))
