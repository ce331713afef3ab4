"""What is decided on is what the function gets, whatever stands between the two."""

import asyncio
import functools
import inspect
import time

import pytest
from conftest import YES, policy

from placet import (
    ActionClass,
    Blocked,
    Guard,
    Invalid,
    ReviewPending,
    RiskTier,
    configure,
    supervised,
    unconfigure,
)


def with_connection(function):
    @functools.wraps(function)
    def on(*args, **kwargs):
        return function("CONN", *args, **kwargs)

    return on


def timed(function):
    """Passes on what it gets, and does other things besides."""

    @functools.wraps(function)
    def on(*args, **kwargs):
        began = time.monotonic()
        try:
            return function(*args, **kwargs)
        finally:
            if time.monotonic() < began:
                raise LookupError(f"{function.__name__} took no time")

    return on


def retried(function):
    @functools.wraps(function)
    def on(*args, **kwargs):
        for last in (False, True):
            try:
                return function(*args, **kwargs)
            except KeyError:
                if last:
                    raise

    return on


def for_methods(function):
    @functools.wraps(function)
    def on(order, *args, **kwargs):
        return function(order, *args, **kwargs)

    return on


def more_by_default(function):
    @functools.wraps(function)
    def on(*args, **kwargs):
        kwargs.setdefault("amount", "900000")
        return function(*args, **kwargs)

    return on


def more_by_place(function):
    @functools.wraps(function)
    def on(*args, **kwargs):
        args = (*args, "900000")
        return function(*args, **kwargs)

    return on


def instead(function):
    other = lambda order, amount="0": function(order, "900000")

    @functools.wraps(function)
    def on(*args, **kwargs):
        return other(*args, **kwargs)

    return on


def aliased(function):
    """Calls what it is wrapped around by another name as well."""

    @functools.wraps(function)
    def on(*args, **kwargs):
        call = function
        return call("CONN", *args, **kwargs) if args else function(*args, **kwargs)

    return on


def by_other_names(function):
    @functools.wraps(function)
    def on(amount, *args, **kwargs):
        return function(amount, *args, **kwargs)

    return on


class Once:
    """A decorator that is an object."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self._function = function

    def __call__(self, *args, **kwargs):
        return self._function("CONN", *args, **kwargs)


def refund(order, amount="0"):
    return order, amount


def refund_at(conn, order, amount="0"):
    return conn, order, amount


def shown_of(function, *args, gate=False, **kwargs):
    """What people see of a call, and what it gives."""
    shown = []
    with Guard(policy(), store=":memory:", confirm=lambda it: shown.append(it.params) or True) as guard:
        if gate:
            function.__name__ = "issue_refund"
        held = guard.gate(function) if gate else supervised("issue_refund", guard=guard)(function)
        given = held(*args, **kwargs)
        if inspect.isawaitable(given):
            given = asyncio.run(given)
    [params] = shown
    return params, given


@pytest.mark.parametrize("gate", [False, True])
@pytest.mark.parametrize("decorator", [with_connection, Once])
def test_an_argument_that_a_decorator_gives_shifts_no_name(decorator, gate):
    params, given = shown_of(decorator(refund_at), "o-17", "50", gate=gate)
    assert params == {"args": ["o-17", "50"]} and given == ("CONN", "o-17", "50")
    params, given = shown_of(decorator(refund_at), "o-17", amount="50", gate=gate)
    assert params == {"args": ["o-17"], "amount": "50"} and given == ("CONN", "o-17", "50")
    params, given = shown_of(decorator(refund_at), order="o-17", amount="50", gate=gate)
    assert params == {"order": "o-17", "amount": "50"} and given == ("CONN", "o-17", "50")


@pytest.mark.parametrize("decorator", [with_connection, Once])
def test_a_cap_holds_where_the_amount_has_its_name(backend, decorator):
    guard = backend.open(on_review="fail_closed")
    pay = supervised("issue_refund", guard=guard)(decorator(refund_at))
    with pytest.raises(Blocked, match="1000"):
        pay("o-17", amount="5000")
    with pytest.raises(ReviewPending, match="names no value"):
        pay("o-17", "5000")


def test_a_signature_that_is_passed_on_with_the_wrapping_is_not_believed():
    def inner(conn, order, amount="0"):
        return conn, order, amount

    inner.__signature__ = inspect.signature(inner)
    params, _ = shown_of(with_connection(inner), "o-17", "50")
    assert params == {"args": ["o-17", "50"]}


def for_two(function):
    @functools.wraps(function)
    def on(order, amount, *args, **kwargs):
        return function(order, amount, *args, **kwargs)

    return on


@pytest.mark.parametrize("decorator", [for_methods, for_two])
def test_what_is_passed_on_with_names_of_its_own_keeps_them(decorator):
    def pay(order, amount, token="t"):
        return order, amount

    params, given = shown_of(decorator(pay), "o-17", "50")
    assert params == {"order": "o-17", "amount": "50", "token": "t"} and given == ("o-17", "50")


@pytest.mark.parametrize("decorator", [timed, retried, for_methods])
def test_what_is_passed_on_as_it_is_keeps_its_names(decorator):
    for function in (decorator(refund), decorator(decorator(refund)), decorator(functools.cache(refund))):
        assert shown_of(function, "o-17", "50") == ({"order": "o-17", "amount": "50"}, ("o-17", "50"))
        assert shown_of(function, "o-17") == ({"order": "o-17", "amount": "0"}, ("o-17", "0"))
        params, given = shown_of(function, amount="50", order="o-17")
        assert params == {"order": "o-17", "amount": "50"} and given == ("o-17", "50")

    async def arefund(order, amount="0"):
        return order, amount

    assert shown_of(decorator(arefund), "o-17", "50")[0] == {"order": "o-17", "amount": "50"}


@pytest.mark.parametrize("decorator", [more_by_default, more_by_place, instead, aliased])
def test_what_is_not_has_no_names_and_no_defaults(decorator):
    params, given = shown_of(decorator(refund), "o-17")
    assert params == {"args": ["o-17"]} and given != ("o-17", "0")
    params, _ = shown_of(decorator(timed(refund)), "o-17")
    assert params == {"args": ["o-17"]}
    params, _ = shown_of(timed(decorator(refund)), "o-17")
    assert params == {"args": ["o-17"]}


def of_code(body, function):
    """What people see of a call of a function below a decorator with this code."""
    space = {"functools": functools, "global_one": refund}
    lines = ["def decorator(function, other=refund):", "  @functools.wraps(function)", *body, "  return on"]
    exec("\n".join(lines), {**globals(), **space}, space)
    with Guard(policy(), store=":memory:", on_review="fail_closed") as guard:
        with pytest.raises(ReviewPending):
            supervised("issue_refund", guard=guard)(space["decorator"](function))("o-17", token="t")
        return guard.pending()[0].params


@pytest.mark.parametrize(
    ("passes_on", "code"),
    [
        (True, "try: return function(*args, **kwargs)\n    finally: print(1)"),
        (True, "while other: return function(*args, **kwargs)"),
        (True, "yield from function(*args, **kwargs)"),
        (True, "with other, other: return function.__name__ or function(*args, **kwargs)"),
        (True, "return function(*args, **kwargs) if other else function(*args, **kwargs)"),
        (False, "return (other if functools else function)(*args, **kwargs)"),
        (False, "return (function if functools else other)(*args, **kwargs)"),
        (False, "return function(*args, **(kwargs if other else {}))"),
        (False, "return function(*(args if other else ()), **kwargs)"),
        (False, "return function(*args, **kwargs, amount='9')"),
        (False, "return function(*args, '9', **kwargs)"),
        (False, "return function(*args)"),
        (False, "kwargs.clear(); return function(*args, **kwargs)"),
        (False, "args = (1,); return function(*args, **kwargs)"),
        (False, "order, kwargs = 1, {}; return function(*args, **kwargs)"),
        (False, "locals()['kwargs']['amount'] = 1; return function(*args, **kwargs)"),
        (False, "[kwargs for _ in 'a']; return function(*args, **kwargs)"),
        (False, "f = lambda: kwargs.clear(); f(); return function(*args, **kwargs)"),
        (False, "nonlocal function; function = other; return function(*args, **kwargs)"),
        (False, "function('9'); return function(*args, **kwargs)"),
        (False, "function.__call__('9'); return function(*args, **kwargs)"),
        (False, "other(*args, **kwargs); return function(*args, **kwargs)"),
        (False, "global_one(*args, **kwargs); return function(*args, **kwargs)"),
    ],
)
def test_only_code_that_passes_on_just_what_it_got_keeps_the_names(code, passes_on):
    named = {"order": "o-17", "amount": "0", "token": "t"}
    params = of_code(
        ["  def on(*args, **kwargs):", f"    {code}"], lambda order, amount="0", token=None: None
    )
    assert params == (named if passes_on else {"args": ["o-17"], "token": "t"})


def test_nor_has_what_is_passed_on_under_another_name():
    def pay(order="o-1", amount="0"):
        return order, amount

    params, given = shown_of(by_other_names(pay), "o-17")
    assert params == {"args": ["o-17"]} and given == ("o-17", "0")
    params, given = shown_of(by_other_names(pay), amount="50")
    assert params == {"amount": "50"} and given == ("50", "0")


def test_a_default_of_the_decorator_is_shown():
    def capped(function):
        @functools.wraps(function)
        def on(*args, amount="70", **kwargs):
            return function(*args, amount=amount, **kwargs)

        return on

    params, given = shown_of(capped(refund), "o-17")
    assert params == {"args": ["o-17"], "amount": "70"} and given == ("o-17", "70")
    with Guard(policy(), store=":memory:") as guard:
        with pytest.raises(TypeError, match="order"):
            supervised("issue_refund", guard=guard)(for_methods(refund))()


def test_a_keyword_that_is_called_args_stands_beside_the_others():
    def pay(order, args="1"):
        return order, args

    params, given = shown_of(with_connection(lambda conn, *a, **k: pay(*a, **k)), "o-17", args="50")
    assert params == {"*args": ["o-17"], "args": "50"}
    assert given == ("o-17", "50")


# What Python itself puts around functions.


def secret_policy():
    paying = ActionClass(
        "pay", RiskTier.REVERSIBLE_WRITE, value="/amount", hard_cap="1000", secret=("/token",), approval=YES
    )
    return policy(classes=[paying])


def pay(amount, token=None):
    return amount, token


@pytest.mark.parametrize("around", [functools.cache, functools.lru_cache(maxsize=2), staticmethod])
@pytest.mark.parametrize("gate", [False, True])
def test_what_python_puts_around_a_function_hides_no_names(backend, around, gate):
    shown = []
    guard = backend.open(secret_policy(), confirm=lambda it: shown.append(it.params) or True)
    held = guard.gate(around(pay)) if gate else supervised("pay", guard=guard)(around(pay))
    assert held("50", "tok-4711-0815") == ("50", "tok-4711-0815")
    [params] = shown
    assert params["amount"] == "50" and "4711" not in str(params)
    if gate:
        assert not held("5000")
    else:
        with pytest.raises(Blocked, match="1000"):
            held("5000")


class Desk:
    def pay(self, amount, token=None):
        return type(self).__name__, amount, token

    pay_fifty = functools.partialmethod(pay, "50")
    pay_to = functools.partialmethod(pay, token="t")


@pytest.mark.parametrize(
    ("function", "args", "expected"),
    [
        (functools.partial(pay, "50"), (), ("50", None)),
        (functools.partial(functools.partial(pay, "50"), "t"), (), ("50", "t")),
        (functools.partial(functools.partial(pay, token="u"), "50", token="t"), (), ("50", "t")),
        (functools.partial(timed(pay), "50"), ("t",), ("50", "t")),
        (functools.partial(functools.cache(pay), "50"), (), ("50", None)),
        (functools.partial(Desk().pay, "50"), ("t",), ("Desk", "50", "t")),
        (functools.partial(Desk.pay, Desk(), "50"), (), ("Desk", "50", None)),
        (Desk().pay_fifty, ("t",), ("Desk", "50", "t")),
        (Desk.pay_fifty, (Desk(), "t"), ("Desk", "50", "t")),
        (Desk.pay_to, (Desk(), "50"), ("Desk", "50", "t")),
    ],
)
def test_what_is_bound_beforehand_is_decided_on_too(function, args, expected):
    params, given = shown_of(function, *args)
    assert params == {"amount": expected[-2], "token": expected[-1]} and given == expected


def test_a_cap_holds_for_what_is_bound_beforehand(backend):
    guard = backend.open(review_timeout=0.1)
    for function in (functools.partial(pay, "5000"), functools.partial(timed(pay), amount="5000")):
        with pytest.raises(Blocked, match="1000"):
            supervised("issue_refund", guard=guard)(function)()
    gated = functools.update_wrapper(functools.partial(pay, "5000"), pay)
    gated.__name__ = "issue_refund"
    assert "1000" in guard.gate(gated)().reason


def test_a_payload_gets_what_was_passed():
    got = []
    with Guard(policy(), store=":memory:", confirm=lambda it: True) as guard:
        part = functools.partial(pay, "50")
        for function in (part, with_connection(lambda conn, amount, token=None: amount)):
            payload = lambda *args, **kwargs: got.append((args, kwargs))
            held = supervised("drop_database", guard=guard, payload=payload)(function)
            held("50", token="t") if function is not part else held(token="t")
    assert {*map(str, got)} == {"((), {'token': 't'})", "(('50',), {'token': 't'})"}


def test_a_static_method_below_asks_nobody_about_a_call_that_does_not_fit():
    shown = []
    with Guard(policy(), store=":memory:", confirm=lambda it: shown.append(it) or True) as guard:

        class Office:
            @supervised("issue_refund", guard=guard)
            @staticmethod
            def pay(amount):
                return amount

        assert Office.pay("50") == Office().pay("50") == "50"
        for office in (Office, Office()):
            with pytest.raises(TypeError, match="too many positional"):
                office.pay(Office(), "60")
    assert [held.params for held in shown] == [{"amount": "50"}] * 2


class Office:
    @supervised("issue_refund")
    @staticmethod
    def pay(order, amount="1"):
        return amount


def test_a_static_method_below_has_no_object():
    shown = []
    configure(Guard(policy(), store=":memory:", confirm=lambda it: shown.append(it) or True))
    try:
        with pytest.raises(Invalid, match="/order: .*Office"):
            Office.pay(Office(), "60")
        assert Office.pay("o-17", "60") == "60"
    finally:
        unconfigure()
    assert [held.params for held in shown] == [{"order": "o-17", "amount": "60"}]
