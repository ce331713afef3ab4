"""Any argument that a program passes is frozen without loss, or refused in words."""

import asyncio
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import json
import pathlib
import threading
import types
import uuid
from collections import OrderedDict, defaultdict, namedtuple
from decimal import Decimal

import numpy
import pydantic
import pytest
from conftest import policy, program
from hypothesis import example, given
from hypothesis import strategies as some

from placet import ActionRequest, Guard, Invalid, Mode, SignOff, Status, supervised
from placet._step import Step


def written(value):
    return json.loads(ActionRequest("t", params={"it": value}).canonical_params())["it"]


class Colour(enum.Enum):
    RED = "red"
    DEEP = (1, 2)


class Size(enum.IntEnum):
    SMALL = 1


class Word(str):
    pass


Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class Line:
    sku: str
    amount: Decimal


class Model(pydantic.BaseModel):
    sku: str
    at: datetime.date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (-0.0, 0),
        (1.5, 1.5),
        (2**53 - 1, 2**53 - 1),
        (2**53, str(2**53)),
        (2**200, str(2**200)),
        (1e16, "10000000000000000"),
        (1e22, "10000000000000000000000"),
        (2.0**60, "1152921504606846976"),
        (-(2.0**53), "-9007199254740992"),
        ("ä\u202e", "ä\u202e"),
        (Decimal("42.00"), 42),
        (Decimal("0.1"), 0.1),
        (Decimal("0.1000000000000000055511151231257827"), "0.1000000000000000055511151231257827"),
        (fractions.Fraction(1, 3), "1/3"),
        (fractions.Fraction(20, 2), 10),
        (fractions.Fraction(-1, 8), -0.125),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "2026-01-02T03:04:05+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(seconds=90, microseconds=5), {"$seconds": "90.000005"}),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (pathlib.PurePosixPath("/etc/passwd"), "/etc/passwd"),
        (b"rm -rf /", {"$bytes": "rm -rf /"}),
        (bytearray(b"x"), {"$bytes": "x"}),
        (b"\xff\x00", {"$base64": "/wA="}),
        (Colour.RED, "red"),
        (Colour.DEEP, "DEEP"),
        (Size.SMALL, 1),
        (Word("w"), "w"),
        (Point(1, 2), {"x": 1, "y": 2}),
        ((1, [2]), [1, [2]]),
        ({3, 1, 2}, [1, 2, 3]),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Line("a", Decimal("1.50")), {"sku": "a", "amount": 1.5}),
        (Model(sku="a", at=datetime.date(2026, 1, 2)), {"sku": "a", "at": "2026-01-02"}),
        (numpy.float64(1.5), 1.5),
        (numpy.int64(7), 7),
        (numpy.bool_(True), True),
        (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (types.MappingProxyType({"a": 1})["a"], 1),
        ({frozenset([2, 3]), frozenset([1])}, [[1], [2, 3]]),
        ({(1, frozenset(["b"])), (1, frozenset(["a"]))}, [[1, ["a"]], [1, ["b"]]]),
        ({frozenset([10]), frozenset([9, 10])}, [[10], [9, 10]]),
        (numpy.datetime64("2026-01-02T03:04:05.000000007"), "2026-01-02T03:04:05.000000007"),
        (numpy.datetime64("2026-01-02T03:04:05.000000000", "ns"), "2026-01-02T03:04:05"),
        (numpy.datetime64("2026-01-02T03:04:05.5", "ns"), "2026-01-02T03:04:05.500000"),
        (numpy.datetime64("2026-01-02T03:04:05", "s"), "2026-01-02T03:04:05"),
        (numpy.datetime64("2026-01-02"), "2026-01-02"),
        (numpy.datetime64("20260-01-02", "D"), "20260-01-02"),
        (numpy.timedelta64(1500, "ns"), {"$seconds": "0.0000015"}),
        (numpy.timedelta64(90, "s"), {"$seconds": "90"}),
        (numpy.timedelta64(-3, "D"), {"$seconds": "-259200"}),
        (numpy.timedelta64(3, "W"), {"$seconds": "1814400"}),
        (numpy.timedelta64(2, "Y"), {"$months": 24}),
        (numpy.array(["2026-01-02T03:04:05.000000007"], "M8[ns]"), ["2026-01-02T03:04:05.000000007"]),
        (numpy.array([[1], [2]], "m8[ms]"), [[{"$seconds": "0.001"}], [{"$seconds": "0.002"}]]),
        (numpy.array(7), 7),
    ],
)
def test_what_is_written(value, expected):
    assert written(value) == expected


def cyclic():
    inner = []
    inner.append(inner)
    return inner


def deep():
    value = 0
    for _ in range(5_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "no number that can be decided on"),
        (float("inf"), "no number that can be decided on"),
        (Decimal("NaN"), "no number that can be decided on"),
        (Decimal("1E+1000000"), "digits"),
        pytest.param(10**5_000, "digits", id="huge"),
        ("\ud800", "lone surrogate"),
        ({"\ud800": 1}, "lone surrogate"),
        ({1: 2}, "key is no text"),
        (object(), "cannot be written as JSON"),
        (print, "cannot be written as JSON"),
        (1j, "cannot be written as JSON"),
        (Line, "is a class"),
        (cyclic(), "contain themselves"),
        (deep(), "nested deeper"),
        ([0] * 300_000, "more than"),
        ({1, object()}, "object cannot be written as JSON"),
        ({1, 1j}, "complex cannot be written as JSON"),
        ({(1, "a"), ((1, "a"),), "a", b"a", frozenset([b"a"]), frozenset(["a"]), (b"a",)}, "written alike"),
        (numpy.complex128(1j), "cannot be written as JSON"),
        (numpy.datetime64("NaT"), "no moment"),
        (numpy.timedelta64("NaT", "ns"), "no span of time"),
        (numpy.timedelta64(5), "no unit"),
        (numpy.array(["NaT"], "M8[ns]"), "no moment"),
        (numpy.array([(1, 2)], [("a", "i4"), ("b", "i4")]), "cannot be written as JSON"),
    ],
)
def test_what_is_refused(value, words):
    with pytest.raises(ValueError, match=words) as refused:
        ActionRequest("t", params={"it": value})
    assert "0x" not in str(refused.value)


def test_a_set_is_written_in_the_same_order_in_every_process():
    code = """
        from placet import ActionRequest

        members = [frozenset([word]) for word in ("refund", "pay", "ship", "wipe")]
        print(ActionRequest("t", params={"it": set(members)}).canonical_params())
    """
    first, second = (program(code, PYTHONHASHSEED=seed).stdout for seed in "12")
    assert first == second != ""


MIXED = {
    "texts and numbers": ({1, "a", 2.5, "1"}, ["1", "a", 1, 2.5]),
    "and nothing": ({None, "a", True}, ["a", None, True]),
    "tuples and texts": ({(1, "b"), "a"}, ["a", [1, "b"]]),
    "sets and texts": ({frozenset([2, 1]), "a"}, ["a", [1, 2]]),
    "bytes and texts": (frozenset([b"a", "a"]), ["a", {"$bytes": "a"}]),
    "days and numbers": ({datetime.date(2026, 1, 2), 1}, ["2026-01-02", 1]),
}
"""Sets whose members have no order among each other, and what is written for them."""


@pytest.mark.parametrize("mixed, plain", MIXED.values(), ids=MIXED)
def test_a_set_of_several_kinds_is_sorted_by_what_is_written(mixed, plain, guard):
    assert written(mixed) == plain
    got = guard.execute("get_order", {"it": mixed}, lambda _, params: params["it"])
    assert got == mixed and type(got) is type(mixed)
    assert {type(one) for one in got} == {type(one) for one in mixed}


@pytest.mark.parametrize("text", ["a", "a\0", "\0a", ""])
def test_texts_and_bytes_of_numpy_are_all_that_they_hold(guard, text):
    for value, plain in [
        (numpy.str_(text), text),
        (numpy.bytes_(text.encode()), {"$bytes": text}),
    ]:
        assert written(value) == plain
        [got] = guard.execute("get_order", {"it": [value]}, lambda _, params: params["it"])
        assert type(got) is type(value) and got == value and len(got) == len(value)


def test_a_span_of_time_is_exact_whatever_the_program_calculates_with():
    with decimal.localcontext(decimal.Context(prec=6)):
        spans = [datetime.timedelta(seconds=86_400_123 + n, microseconds=1) for n in range(2)]
        assert [written(span)["$seconds"] for span in spans] == ["86400123.000001", "86400124.000001"]
        assert written(Decimal("86400123.25")) == 86400123.25
        assert written(fractions.Fraction(86400123, 4)) == 21600030.75


def test_the_place_is_named():
    with pytest.raises(ValueError, match=r"^/lines/1/amount: "):
        ActionRequest("t", params={"lines": [{}, {"amount": float("nan")}]})


def test_the_place_within_a_record_and_a_name_with_a_slash_is_named_as_a_pointer():
    @dataclasses.dataclass
    class Line:
        sku: object

    with pytest.raises(ValueError, match=r"^/lines/0/sku: "):
        ActionRequest("t", params={"lines": [Line(object())]})
    with pytest.raises(ValueError, match=r"^/a~1b~0c: "):
        ActionRequest("t", params={"a/b~c": object()})
    with pytest.raises(ValueError, match=r"^/line/sku/sku: "):
        ActionRequest("t", params={"line": Line(Line(float("nan")))})


def test_a_request_shares_nothing_with_its_params():
    params = {"lines": [{"sku": "a"}]}
    request = ActionRequest("t", params=params)
    before = request.canonical_params()
    params["lines"][0]["sku"] = "b"
    request.params["lines"][0]["sku"] = "c"
    assert request.canonical_params() == before
    assert request.params == {"lines": [{"sku": "a"}]}


plain = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**53) + 1, 2**53 - 1)
    | some.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
    | some.text(some.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: some.lists(inner, max_size=4)
    | some.dictionaries(some.text(some.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_what_json_knows_is_written_as_json(value):
    assert written(value) == value


@given(some.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-10**12, max_value=10**12))
def test_decimals_keep_their_value(value):
    assert Decimal(str(written(value))) == value


class Ledger(Decimal):
    """A subclass, whose own text nobody asks for: it goes the long way."""


def claimed(value):
    try:
        return json.loads(ActionRequest("issue_refund", value=value, params={"of": value}).to_json())
    except ValueError as refused:
        return str(refused).replace("Ledger", "Decimal")


@given(some.decimals() | some.decimals(places=2) | some.integers().map(Decimal))
@example(Decimal("-0.00"))
@example(Decimal("1E+1"))
@example(Decimal("10."))
@example(Decimal("0" * 60 + "7.50"))
def test_a_number_is_written_alike_wherever_it_is_read(value):
    assert claimed(value) == claimed(Ledger(value))


@given(some.integers(-(10**40), 10**40))
def test_a_whole_number_is_the_same_action_as_a_decimal(value):
    of_int, *others = [claimed(kind(value))["value"] for kind in (int, Decimal, Ledger)]
    assert others == [of_int, of_int]


def test_the_object_of_a_method_is_not_decided_on(guard):
    class Desk:
        @supervised("issue_refund", guard=guard, on_review="fail_closed")
        def refund(self, amount, note="none"):
            raise AssertionError("it ran")

    from placet import ReviewPending

    with pytest.raises(ReviewPending):
        Desk().refund("10")
    assert guard.pending()[0].params == {"amount": "10", "note": "none"}


def test_a_method_is_called_with_its_object(guard):
    class Desk:
        @supervised("get_order", guard=guard)
        def get_order(self, id, *more, **named):
            return self, id, more, named

    desk = Desk()
    assert desk.get_order(7, 8, x=9) == (desk, 7, (8,), {"x": 9})


def recorded(backend, guard, which=-1):
    """What the log of a guard says of one action in it, of the last unless it is said which: the action
    as it was frozen, and what was decided."""
    decided = [event["decided"] for event in backend.log(guard) if "decided" in event][which]
    found = guard._carrier.do(Step("follow", body={"id": decided["id"]}))
    return found["action"], decided


@pytest.mark.parametrize("tool", ["get_order", "issue_refund"])
@pytest.mark.parametrize("mode", [Mode.ENFORCE, None])
def test_what_cannot_be_frozen_is_refused_and_on_record(backend, tool, mode):
    told = []
    guard = backend.open(mode=mode, on_request=told.append)

    @supervised(tool, guard=guard)
    def run(session):
        raise AssertionError("it ran")

    with pytest.raises(Invalid, match="/session: .*object cannot be written as JSON"):
        run(object())
    noted, decided = recorded(backend, guard)
    assert noted["tool"] == tool and guard.pending() == [] and told == []
    assert "/session: builtins.object cannot be written as JSON" in noted["params"]["$unfrozen"]
    # Nobody is asked about what nobody can read, not even for a moment.
    assert decided["decision"]["verdict"] == "block" and "approval" not in decided
    assert not any("withdrawn" in event for event in backend.log(guard))


@pytest.mark.parametrize("mode", [Mode.ENFORCE, None])
@pytest.mark.parametrize("tool", ["get_order", "issue_refund"])
def test_a_proposal_that_cannot_be_written_is_on_record(backend, tool, mode):
    """In process, on a loop and at a daemon. It is refused in words, as it always was."""
    guard = backend.open(mode=mode)
    cycle = []
    cycle.append(cycle)
    unwritable = {
        "contain themselves": cycle,
        "/to: _thread.lock cannot be written": threading.Lock(),
        "/to: builtins.generator cannot be written": (number for number in ()),
        "/to: a text with a lone surrogate": "\ud800",
        "/to: NaN is no number": float("nan"),
    }
    for why, value in unwritable.items():
        with pytest.raises(ValueError, match=why):
            guard.propose(tool, params={"to": value}, session_id="s-1")
        with pytest.raises(ValueError, match=why):
            asyncio.run(guard.apropose(tool, params={"to": value}))
        for which in (-2, -1):
            noted, decided = recorded(backend, guard, which)
            assert noted["tool"] == tool and why in noted["params"]["$unfrozen"]
            assert decided["decision"]["verdict"] == "block" and "approval" not in decided
        assert recorded(backend, guard, -2)[0]["session"] == "s-1"
    with pytest.raises(ValueError, match=r"session has half of a surrogate pair \(.ud800\)"):
        guard.propose(tool, session_id="\ud800")
    assert recorded(backend, guard)[0]["tool"] == tool
    # What only asks is never on record, whatever it asks.
    before = len(backend.log(guard))
    for value in unwritable.values():
        with pytest.raises(ValueError):
            guard.evaluate(tool, params={"to": value})
    with pytest.raises(TypeError, match="has its fields already"):
        guard.propose(ActionRequest(tool), params={})
    assert len(backend.log(guard)) == before and guard.pending() == []


@pytest.mark.parametrize("tool", ["get_order", "issue_refund"])
def test_in_shadow_such_a_proposal_is_on_record_too(backend, tool):
    """There is nothing that it could stop, and nothing to decide on either."""
    guard = backend.open(policy(mode=Mode.SHADOW))
    with pytest.raises(ValueError, match="/to: NaN is no number"):
        guard.propose(tool, params={"to": float("nan")})
    noted, decided = recorded(backend, guard)
    assert noted["tool"] == tool and [*noted["params"]] == ["$unfrozen"]
    assert decided["decision"]["would_have"] == "block"


def test_what_cannot_be_recorded_either_is_refused_all_the_same():
    with Guard.connect("http://127.0.0.1:1", "plc_nobody_answers", timeout=5) as guard:
        with pytest.raises(ValueError, match="/to: NaN is no number"):
            guard.propose("get_order", params={"to": float("nan")})


def test_in_shadow_it_stops_nobody(backend):
    """Also where only the daemon knows that its policy is in shadow."""
    guard = backend.open(policy(mode=Mode.SHADOW))

    @supervised("issue_refund", guard=guard)
    def refund(session, amount):
        return session, amount

    session = object()
    assert refund(session, float("nan"))[0] is session
    noted, decided = recorded(backend, guard)
    assert noted["tool"] == "issue_refund" and list(noted["params"]) == ["$unfrozen"]
    assert noted["params"]["$unfrozen"].startswith("/session: builtins.object cannot be written")
    assert decided["decision"]["would_have"] == "block"


@pytest.mark.parametrize("asked", ["at the call", "of the guard", "of a person"])
def test_who_asks_to_be_held_to_it_is_stopped_in_shadow_as_well(backend, asked):
    guard = backend.open(policy(mode=Mode.SHADOW), mode="enforce" if asked == "of the guard" else None)
    never = lambda given: pytest.fail("it ran")
    fields = {"enforce": True} if asked == "at the call" else {}
    supervise = supervised("issue_refund", guard=guard, **fields)
    call = guard.gate(never) if asked == "of a person" else supervise(never)
    with pytest.raises(Invalid, match="cannot be written"):
        call(object())
    _, decided = recorded(backend, guard)
    assert decided["decision"]["verdict"] == "block" and "approval" not in decided


def test_a_payload_says_what_is_decided_on(guard):
    seen = []

    @supervised(
        "issue_refund",
        guard=guard,
        on_review="fail_closed",
        payload=lambda session, amount: {"amount": amount, "currency": "USD"},
    )
    def refund(session, amount):
        seen.append(session)

    from placet import ReviewPending

    with pytest.raises(ReviewPending):
        refund(object(), "10")
    assert guard.pending()[0].params == {"amount": "10", "currency": "USD"} and seen == []


SECRET = {"password": "hunter2-correct-horse", "headers": {"authorization": "Bearer hunter2-token"}}


def test_a_secret_among_the_arguments_of_a_function_is_not_on_record(backend):
    """And the function gets it all the same."""
    shown = []
    guard = backend.open(confirm=lambda request: shown.append(request.to_dict()) or True)

    class Desk:
        def __repr__(self):
            return "hunter2-of-the-desk"

        @supervised("issue_refund", guard=guard)
        def pay(self, amount, *, password, headers):
            return amount, password, headers

        @supervised("issue_refund", guard=guard)
        async def apay(self, amount, *, password, headers):
            return amount, password, headers

    assert Desk().pay("10", **SECRET) == ("10", *SECRET.values())
    assert asyncio.run(Desk().apay("10", **SECRET)) == ("10", *SECRET.values())
    noted = [recorded(backend, guard, which)[0] for which in range(2)]
    on_record = json.dumps([shown, noted, backend.log(guard)])
    assert len(shown) == 2 and all(one["action"]["params"]["amount"] == "10" for one in shown)
    assert {*shown[0]["action"]["params"]} == {"amount", "password", "headers"}
    assert "hunter2" not in on_record


def test_a_secret_is_not_on_record(guard):
    guard.propose("issue_refund", params={"amount": "1", "password": "hunter2-correct-horse"})
    shown = json.dumps(guard.pending()[0].to_dict())
    assert "hunter2" not in shown


EDITED = {
    "a decimal": (Decimal("10"), "7.50", Decimal("7.5")),
    "a fraction": (fractions.Fraction(1, 3), "2/3", fractions.Fraction(2, 3)),
    "a date": (datetime.date(2026, 1, 31), "2026-02-01", datetime.date(2026, 2, 1)),
    "a moment": (
        datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc),
        "2026-02-01T08:00:00Z",
        datetime.datetime(2026, 2, 1, 8, tzinfo=datetime.timezone.utc),
    ),
    "a time": (datetime.time(12), "08:30:00", datetime.time(8, 30)),
    "a duration": (datetime.timedelta(1), {"$seconds": "1.5"}, datetime.timedelta(seconds=1.5)),
    "a name": (uuid.UUID(int=1), str(uuid.UUID(int=2)), uuid.UUID(int=2)),
    "a path": (pathlib.Path("/a"), "/b", pathlib.Path("/b")),
    "bytes of text": (b"a", {"$bytes": "b"}, b"b"),
    "other bytes": (bytearray(b"a"), {"$base64": "/w=="}, bytearray(b"\xff")),
    "a member": (Colour.DEEP, "red", Colour.RED),
    "a member without a plain value": (Colour.RED, "DEEP", Colour.DEEP),
    "a set": ({1, 2}, [1, 3], {1, 3}),
    "a tuple": ((Decimal(1), "a"), ["2", "a"], (Decimal(2), "a")),
    "a longer list": ([Decimal(1)], ["2", "3"], [Decimal(2), "3"]),
    "a named tuple": (Point(Decimal(1), 2), {"x": "5", "y": 2}, Point(Decimal(5), 2)),
    "an ordered dict": (OrderedDict(a=b"a"), {"a": {"$bytes": "b"}}, OrderedDict(a=b"b")),
    "a whole number": (10, 2**80, 2**80),
    "a number": (1.5, 7, 7.0),
    "a number of numpy": (numpy.float32(1.5), 2.5, numpy.float32(2.5)),
    "nothing any more": (datetime.date(2026, 1, 31), None, None),
    "an array": (numpy.array([1, 2]), [3, 4], numpy.array([3, 4])),
    "a model that stays": (Line("a", Decimal(1)), {"sku": "a", "amount": 1}, Line("a", Decimal(1))),
}


def test_what_people_write_reaches_the_function_in_its_type(backend):
    guard = backend.open(confirm=lambda request: SignOff("ann", params={"amount": "7", "it": wrote}))

    @supervised("issue_refund", guard=guard)
    def refund(amount, it):
        return it

    @supervised("issue_refund", guard=guard)
    async def arefund(amount, it):
        return it

    for of, (old, wrote, expected) in EDITED.items():
        for got in (refund("10", old), asyncio.run(arefund("11", old))):
            assert type(got) is type(expected) and numpy.all(got == expected), of
            if isinstance(expected, tuple):
                assert [type(one) for one in got] == [type(one) for one in expected], of


NOT_EDITED = {
    "no date": (datetime.date(2026, 1, 31), "soon"),
    "a date that is a number": (datetime.date(2026, 1, 31), 20260131),
    "no member": (Colour.RED, "blue"),
    "no number": (Decimal("10"), "ten"),
    "a yes for a number": (10, True),
    "no bytes": (b"a", "a"),
    "half a tuple": (Point(1, 2), {"x": 1}),
    "an object": (Line("a", Decimal(1)), {"sku": "b", "amount": 1}),
    "more than fits": (numpy.int8(1), 1000),
}


def test_what_people_write_of_another_kind_calls_nothing(backend):
    guard = backend.open(confirm=lambda request: SignOff("ann", params={"amount": "7", "it": wrote}))
    refund = supervised("issue_refund", guard=guard)(lambda amount, it: pytest.fail(of))

    @supervised("issue_refund", guard=guard)
    async def arefund(amount, it):
        pytest.fail(of)

    for of, (old, wrote) in NOT_EDITED.items():
        for call in (refund, lambda *them: asyncio.run(arefund(*them))):
            with pytest.raises(TypeError, match="deny instead of editing"):
                call("10", old)


def test_what_people_cannot_see_they_cannot_edit(guard):
    """The placeholder that they see stands for nothing but itself."""
    decision = guard.propose("issue_refund", params={"amount": "10", "password": "hunter2-horse"})
    [held] = guard.pending()
    with pytest.raises(Invalid, match="blocks the changed action"):
        guard.resolve(held.request_id, True, actor="ann", params={**held.params, "amount": "7"})
    assert guard.status(decision.id) is Status.PENDING
