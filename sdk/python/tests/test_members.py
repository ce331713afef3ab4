"""What is in a class: decorators above or below what Python makes of a function, and properties as fields."""

import functools
from dataclasses import dataclass

import pytest
from conftest import YES, policy

from placet import ActionClass, Blocked, Changed, Guard, RiskTier, supervised


class Members:
    """What a test decorates."""

    def __init__(self, guard, gate):
        self.decorate = guard.gate if gate else supervised("issue_refund", guard=guard)
        self.name = "@guard.gate" if gate else "@supervised"


@pytest.fixture(params=[False, True])
def members(request, backend):
    shown = []
    names = ("above", "below", "amount", "pay", "total")
    classes = [ActionClass(name, RiskTier.REVERSIBLE_WRITE, approval=YES) for name in names]
    guard = backend.open(policy(classes=classes), confirm=lambda it: shown.append(it.params) or True)
    made = Members(guard, request.param)
    made.shown = shown
    return made


@pytest.mark.parametrize(
    "kind", [property, classmethod, functools.cached_property, functools.partialmethod]
)
@pytest.mark.parametrize("gate", [False, True])
def test_what_is_no_function_any_more_is_refused_with_the_right_order(kind, gate):
    with Guard(policy(), store=":memory:") as guard:
        members = Members(guard, gate)
        with pytest.raises(TypeError) as refused:
            members.decorate(kind(lambda self: 1))
    said = str(refused.value)
    assert f"write @{kind.__name__} above {members.name}" in said and "here" in said


def test_in_that_order_they_are_asked_about(members):
    class Account:
        def __init__(self):
            self.balance = "10"

        @property
        @members.decorate
        def amount(self):
            return self.balance

        @classmethod
        @members.decorate
        def pay(cls, amount):
            return cls, amount

        @functools.cached_property
        @members.decorate
        def total(self):
            return self.balance

    account = Account()
    assert account.amount == account.total == "10"
    assert Account.pay("20") == account.pay("20") == (Account, "20")
    assert members.shown == [{}, {}, {"amount": "20"}, {"amount": "20"}]


def test_a_static_method_is_one_in_either_order(members):
    class Office:
        @members.decorate
        @staticmethod
        def above(amount):
            return amount

        @staticmethod
        @members.decorate
        def below(amount):
            return amount

    for office in (Office, Office()):
        assert office.above("50") == office.below("50") == "50"
    assert members.shown == [{"amount": "50"}] * 4
    assert isinstance(vars(Office)["above"], staticmethod)


def test_what_is_nothing_to_call_is_still_no_function():
    with pytest.raises(TypeError, match="@supervised stands above a function, not int$"):
        supervised("issue_refund")(7)


@dataclass
class Order:
    """Its amount is a field, and a property as well."""

    amount: str


def grows(order):
    """Says another amount each time it is asked."""
    order.__dict__["seen"] = order.__dict__.get("seen", 0) + 1
    return str(order.__dict__["seen"])


def counts(order):
    """The same, and keeps nothing of that in the object."""
    COUNTED.append(order)
    return str(len(COUNTED))


COUNTED = []


@pytest.mark.parametrize("says", [grows, counts])
def test_a_field_that_answers_differently_at_the_second_look_is_not_passed_on(backend, monkeypatch, says):
    guard = backend.open()
    order = Order("5")
    monkeypatch.setattr(Order, "amount", property(says), raising=False)

    @supervised("get_order", guard=guard)
    def look(order):
        raise AssertionError("it ran")

    with pytest.raises(Changed):
        look(order)


def test_a_cap_holds_for_what_such_a_field_says(backend, monkeypatch):
    guard = backend.open(
        policy(
            classes=[
                ActionClass(
                    "pay", RiskTier.REVERSIBLE_WRITE, value="/order/amount", hard_cap="1000", approval=YES
                )
            ]
        )
    )
    order = Order("5")
    monkeypatch.setattr(Order, "amount", property(lambda order: "5000"), raising=False)
    with pytest.raises(Blocked, match="1000"):
        supervised("pay", guard=guard)(lambda order: order.amount)(order)
