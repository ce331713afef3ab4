"""What runs is what was decided on: no value is one thing to people and another to the function."""

import asyncio
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import types
import uuid
import zoneinfo
from collections import OrderedDict, defaultdict, namedtuple
from decimal import Decimal

import numpy
import pydantic
import pytest
from conftest import policy

from placet import (
    ActionRequest,
    Changed,
    Guard,
    Invalid,
    Mode,
    ReviewPending,
    Status,
    supervised,
)


@pytest.fixture(params=["in process", "daemon"])
def ran(request, daemon):
    """What a function gets that is called with a value, and what people saw of it."""

    def opened(confirm):
        if request.param == "in process":
            return Guard(policy(), store=":memory:", confirm=confirm)
        keys = {"approver_key": daemon.approver}
        return Guard.connect(daemon.url, daemon.agent, confirm=confirm, **keys)

    def run(value, meanwhile=lambda: None):
        shown, got = [], []

        def confirm(held):
            shown.append(held.params["it"])
            meanwhile()
            return True

        with opened(confirm) as guard:
            supervised("drop_database", guard=guard)(lambda it: got.append(it))(value)
        return shown[0], got[0]

    return run


class Int(int):
    def __int__(self):
        return 10

    __index__ = __trunc__ = __floor__ = __abs__ = __int__

    def __str__(self):
        return "10"

    __repr__ = __str__

    def __eq__(self, other):
        return other == 10

    __hash__ = int.__hash__

    def bit_length(self):
        return 4


class Text(str):
    def __str__(self):
        return "10"

    __repr__ = __str__

    def encode(self, *_):
        return b"10"


class Float(float):
    def __float__(self):
        return 10.0

    __int__ = __trunc__ = lambda self: 10

    def __repr__(self):
        return "10.0"

    __str__ = __repr__


class Dec(Decimal):
    def as_tuple(self):
        return Decimal(10).as_tuple()

    def __format__(self, _):
        return "10"

    def __str__(self):
        return "10"

    def is_finite(self):
        return True


class Raw(bytes):
    def decode(self, *_):
        return "10"


class Dict(dict):
    def __iter__(self):
        return iter(["a"])

    def keys(self):
        return ["a"]

    def items(self):
        return [("a", 10)]

    def __getitem__(self, _):
        return 10


class List(list):
    def __iter__(self):
        return iter([10])

    def __getitem__(self, _):
        return 10


class Tuple(tuple):
    def __iter__(self):
        return iter([10])

    def __getitem__(self, _):
        return 10


class Set(set):
    def __iter__(self):
        return iter([10])


class Day(datetime.date):
    year = 1999


class Number(numpy.float64):
    def item(self):
        return 10.0


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Int(99999), 99999),
        (Text("99999"), "99999"),
        (Float(99999.5), 99999.5),
        (Number(99999.5), 99999.5),
        (Dec("99999.5"), Decimal("99999.5")),
        (Raw(b"99999"), b"99999"),
        (Dict(a=99999), {"a": 99999}),
        (List([99999]), [99999]),
        (Tuple([99999]), (99999,)),
        (Set([99999]), {99999}),
        ([Int(99999), {"a": Text("99999")}], [99999, {"a": "99999"}]),
        (OrderedDict(a=Int(99999)), OrderedDict(a=99999)),
        ({frozenset([Int(99999)])}, {frozenset([99999])}),
    ],
)
def test_a_class_that_lies_is_read_as_what_it_is(ran, value, plain):
    shown, got = ran(value)
    assert "99999" in str(shown) and str(got) == str(plain) and type(got) is type(plain)


Pair = namedtuple("Pair", "amount account")


class LyingPair(Pair):
    @property
    def amount(self):
        return 99999


class IteratingPair(Pair):
    def __iter__(self):
        return iter([99999, "EVE"])


class GettingPair(Pair):
    def __getattribute__(self, name):
        return 99999 if name == "amount" else super().__getattribute__(name)


class Valued(enum.Enum):
    ONE = "one"
    value = property(lambda self: "EVE")


class Named(enum.Enum):
    ONE = (1, 2)
    name = property(lambda self: "EVE")


class Read(enum.Enum):
    ONE = "one"

    def __getattribute__(self, name):
        return "EVE" if name == "value" else super().__getattribute__(name)


class Held(enum.Enum):
    ONE = object()


class TwoWays(datetime.tzinfo):
    def utcoffset(self, _):
        return datetime.timedelta(hours=1)

    def dst(self, _):
        return None


TWO_WAYS = TwoWays()


class Level(int, enum.Enum):
    def __new__(cls, shown, real):
        member = int.__new__(cls, real)
        member._value_ = shown
        return member

    LOW = (10, 99999)


class Colour(enum.Enum):
    RED = "red"


def fake():
    member = object.__new__(Colour)
    member._name_, member._value_ = "RED", "red"
    return member


class MyPath(type(pathlib.PurePosixPath())):
    def __str__(self):
        return "/tmp/10"


class Moment(datetime.datetime):
    def isoformat(self, *_):
        return "1999-01-01T00:00:00"


@dataclasses.dataclass
class Line:
    amount: object


@dataclasses.dataclass
class GettingLine:
    amount: object

    def __getattribute__(self, name):
        return 10 if name == "amount" else super().__getattribute__(name)


class Model(pydantic.BaseModel):
    model_config = {"arbitrary_types_allowed": True, "extra": "allow"}
    amount: object
    note: object = pydantic.Field(default=None, exclude=True)

    @pydantic.field_serializer("amount")
    def shows(self, _):
        return 10


class GettingModel(Model):
    def __getattribute__(self, name):
        return 10 if name == "amount" else super().__getattribute__(name)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (LyingPair(10, "a"), "says something else than it holds"),
        (IteratingPair(10, "a"), "a tuple with __iter__ of its own"),
        (GettingPair(10, "a"), "a tuple with __getattribute__ of its own"),
        (Valued.ONE, "has value of its own"),
        (Named.ONE, "has name of its own"),
        (Read.ONE, "has __getattribute__ of its own"),
        (GettingLine(99999), "a record with __getattribute__ of its own"),
        (GettingModel(amount=99999), "a record with __getattribute__ of its own"),
        (Held.ONE, "cannot be written as JSON"),
        (Line(datetime.datetime(2026, 1, 2, tzinfo=TWO_WAYS)), "of a class of the program's own"),
        (Line(defaultdict(lambda: "EVE")), "of a class of the program's own"),
        (Level.LOW, "is one thing and has another as its value"),
        (fake(), "no member of its enum"),
        (MyPath("/etc/passwd"), "a kind of path of its own"),
        (Moment(2026, 1, 2), "says something else than a datetime"),
        (Day(2026, 1, 2).replace(), None),
        (Line(Int(99999)), "of a class of the program's own"),
        (Line([{"a": Text("1")}]), "of a class of the program's own"),
        (Model(amount=Int(99999)), "of a class of the program's own"),
        (numpy.ma.masked_array([1, 2], [0, 1]), "a kind of array of its own"),
        (Line(pydantic.SecretStr("hunter2")), "SecretStr cannot be written as JSON"),
        (Model(amount=1, note=pydantic.SecretStr("hunter2")), "SecretStr cannot be written"),
        (Model(amount=1, more=pydantic.SecretBytes(b"hunter2")), "SecretBytes cannot be written"),
    ],
)
def test_what_cannot_be_told_is_refused(ran, value, words):
    if words is None:
        assert ran(value) == ("2026-01-02", datetime.date(2026, 1, 2))
        return
    with pytest.raises(Invalid, match=words) as refused:
        ran(value)
    assert "hunter2" not in str(refused.value)


def test_a_model_is_shown_with_all_that_it_holds(ran):
    model = Model(amount=99999, note=[1], more=2)
    assert ran(model) == ({"amount": 99999, "note": [1], "more": 2}, model)
    rooted = pydantic.RootModel[list[int]]([1, 2])
    assert ran(rooted)[1] is rooted


class Tagged(Line):
    """Also what is set on it later, and what its bases keep elsewhere."""


class Slotted:
    __slots__ = ("to",)


@dataclasses.dataclass
class InSlots(Slotted):
    __slots__ = ("amount",)
    amount: object


class Private(pydantic.BaseModel):
    amount: object
    _to: str = "ANN"


def with_to(value, name="to"):
    object.__setattr__(value, name, "EVE")
    return value


def with_private(value):
    value._to = "EVE"
    return value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (with_to(Line("10")), {"amount": "10", "to": "EVE"}),
        (with_to(Tagged("10")), {"amount": "10", "to": "EVE"}),
        (with_to(InSlots("10")), {"amount": "10", "to": "EVE"}),
        (with_private(Private(amount="10")), {"amount": "10", "_to": "EVE"}),
    ],
)
def test_what_is_set_beside_the_fields_is_shown_as_well(ran, value, shown):
    assert ran(value) == (shown, value)


@dataclasses.dataclass
class DictAsWell(dict):
    amount: object


@dataclasses.dataclass
class ListAsWell(list):
    amount: object


@dataclasses.dataclass(frozen=True)
class IntAsWell(int):
    amount: object = 1


@pytest.mark.parametrize("value", [DictAsWell("10"), ListAsWell("10"), IntAsWell()])
def test_what_is_two_things_at_once_is_refused(ran, value):
    with pytest.raises(Invalid, match="at once; pass one of them"):
        ran(value)


def test_what_an_array_holds_is_read_as_what_it_is(ran):
    with pytest.raises(Invalid, match="of a class of the program's own"):
        ran(numpy.array([Int(99999)], dtype=object))
    shown, got = ran(numpy.array(["2026-01-02T03:04:05.000000007"], "M8[ns]"))
    assert shown == ["2026-01-02T03:04:05.000000007"] and got.dtype == "M8[ns]"


def set_value(member, value):
    member._value_ = value


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (lambda: Line(10), lambda it: setattr(it, "amount", 99999)),
        (lambda: Line([10]), lambda it: it.amount.append(1)),
        (lambda: Model(amount=10), lambda it: setattr(it, "note", 99999)),
        (lambda: Model(amount=10), lambda it: setattr(it, "more", 99999)),
        (lambda: Line(10), lambda it: with_to(it)),
        (lambda: with_to(InSlots(10), "to"), lambda it: setattr(it, "to", "ANN")),
        (lambda: Private(amount=10), with_private),
        (lambda: numpy.array([[10]], dtype=object), lambda it: it[0].__setitem__(0, 11)),
        (lambda: memoryview(bytearray(b"10")), lambda it: it.__setitem__(0, 50)),
        (lambda: enum.Enum("Fresh", {"ONE": "one"}).ONE, lambda it: set_value(it, "two")),
        (lambda: enum.Enum("Listed", {"ONE": ["one"]}).ONE, lambda it: it.value.append("two")),
    ],
)
def test_what_changes_while_it_waits_is_not_run(ran, make, change):
    value = make()
    with pytest.raises(Changed):
        ran(value, lambda: change(value))


class Zoned(datetime.datetime):
    """As good as a plain one."""


class Zone(datetime.tzinfo):
    hours = 0

    def utcoffset(self, _):
        return datetime.timedelta(hours=self.hours)

    def dst(self, _):
        return None


@pytest.mark.parametrize("kind", [datetime.datetime, Zoned])
def test_a_zone_of_the_programs_own_is_passed_as_its_offset(ran, kind):
    moment = kind(2026, 1, 2, tzinfo=Zone())
    shown, got = ran(moment, lambda: setattr(moment.tzinfo, "hours", 5))
    assert shown == got.isoformat() == "2026-01-02T00:00:00+00:00"
    assert type(got) is datetime.datetime and type(got.tzinfo) is datetime.timezone
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    assert ran(datetime.datetime(2026, 7, 2, tzinfo=zone))[1].tzinfo is zone
    assert ran(datetime.time(3, tzinfo=Zone()))[1] == datetime.time(3, tzinfo=datetime.timezone.utc)


def test_what_is_missing_is_made_by_no_factory_of_the_programs_own(ran):
    shown, got = ran(defaultdict(lambda: "EVE", a=1))
    assert shown == got == {"a": 1} and type(got) is dict
    assert ran(defaultdict(int, a=1))[1]["b"] == 0




@pytest.mark.parametrize(
    ("make", "change"),
    [
        (lambda: uuid.UUID(int=7), lambda it: object.__setattr__(it, "int", 8)),
        (lambda: fractions.Fraction(1, 3), lambda it: setattr(it, "_numerator", 2)),
        (lambda: pathlib.PurePosixPath("/a"), lambda it: setattr(it, "_raw_paths", ["/b"])),
        (lambda: bytearray(b"10"), lambda it: it.append(50)),
        (lambda: OrderedDict(a=[1]), lambda it: it["a"].append(2)),
        (lambda: defaultdict(list, a=[1]), lambda it: it["a"].append(2)),
        (lambda: collections.Counter("a"), lambda it: it.update("b")),
        (lambda: {1, 2}, lambda it: it.add(3)),
        (lambda: Pair([1], "a"), lambda it: it.amount.append(2)),
        (lambda: numpy.array([1, 2]), lambda it: it.fill(3)),
    ],
)
def test_what_can_be_made_again_is_run_as_it_was(ran, make, change):
    value, before = make(), make()

    def tries():
        try:
            change(value)
        except AttributeError:
            assert isinstance(value, pathlib.PurePath)

    _, got = ran(value, tries)
    assert type(got) is type(before) and numpy.all(got == before)
    if isinstance(before, defaultdict):
        assert got.default_factory is list


def test_a_change_of_what_was_copied_is_no_reason_to_refuse(ran):
    lines = [{"sku": "a"}]
    assert ran(lines, lambda: lines[0].clear())[1] == [{"sku": "a"}]


class Box(dict):
    amount = property(lambda self: self["amount"])


def test_in_shadow_a_function_gets_what_it_was_given(backend):
    guard = backend.open(policy(mode=Mode.SHADOW))
    given = [Box(amount=Text("10")), uuid.UUID(int=7)]
    got = supervised("drop_database", guard=guard)(lambda *them: list(them))(*given)
    assert [id(one) for one in got] == [id(one) for one in given]
    boxed = supervised("drop_database", guard=guard)(lambda box: box.amount)(given[0])
    assert boxed is given[0]["amount"]


@pytest.mark.parametrize("name", ["self", "cls"])
def test_a_name_makes_no_parameter_an_object(guard, name):
    space = {}
    exec(f"def refund_it({name}, amount): raise AssertionError('it ran')", space)
    refund = supervised(guard=guard, on_review="fail_closed")(space["refund_it"])
    with pytest.raises(ReviewPending):
        refund("the account", "10")
    assert guard.pending()[0].params == {name: "the account", "amount": "10"}
    with pytest.raises(Invalid, match=f"/{name}: "):
        refund(object(), "10")


def passed(function):
    @functools.wraps(function)
    def on(*args, **kwargs):
        return function(*args, **kwargs)

    return on


def test_an_object_is_what_its_class_says_it_is(guard):
    held = supervised("refund_it", guard=guard, on_review="fail_closed")

    class Desk:
        @held
        def usual(this, amount): ...

        @passed
        @held
        @passed
        def decorated(desk, amount): ...

        @classmethod
        @held
        def of_class(kind, amount): ...

        @staticmethod
        @held
        def static(amount): ...

        @property
        @held
        def amount(own): ...

        def __plain(self, amount): ...

        other = held(__plain)

    class Sub(Desk):
        pass

    params = {"amount": "10"}
    for call, expected in [
        (lambda: Desk().usual("10"), params),
        (lambda: Sub().usual(amount="10"), params),
        (lambda: Desk.usual(Sub(), "10"), params),
        (lambda: Sub().decorated("10"), params),
        (lambda: Sub.of_class("10"), params),
        (lambda: Sub().of_class("10"), params),
        (lambda: Sub().static("10"), params),
        (lambda: Sub().amount, {}),
        (lambda: Sub().other("10"), params),
        (lambda: held(Sub().usual.__wrapped__)(Sub(), "10"), params),
    ]:
        with pytest.raises(ReviewPending) as pending:
            call()
        [request] = guard.pending()
        assert request.params == expected
        guard.withdraw(pending.value.approval.id)
    with pytest.raises(Invalid, match="/this: "):
        Desk.usual(object(), "10")


def test_decimals_are_read_without_being_asked():
    """Also where they are the value that a caller claims."""
    request = ActionRequest("pay", value=Dec("99999"))
    assert '"value":"99999"' in request.to_json()
    assert decimal.Decimal(Dec("1E+2")) == 100


def swapped_in_redeem(guard, change):
    """Lets something change while the permission is spent, when nothing waits for people any more."""
    do, ado = guard._carrier.do, guard._carrier.ado

    def doing(step):
        done = do(step)
        if step.name == "redeem":
            change()
        return done

    async def adoing(step):
        done = await ado(step)
        if step.name == "redeem":
            change()
        return done

    guard._carrier.do, guard._carrier.ado = doing, adoing


@pytest.mark.parametrize("of", ["a dataclass", "what a payload reads"])
def test_what_changes_while_its_permission_is_spent_is_not_run(backend, of):
    guard, got, lines = backend.open(), [], []
    swapped_in_redeem(guard, lambda: setattr(lines[-1], "amount", "999999"))
    settings = {"payload": lambda line: {"amount": line.amount}} if of != "a dataclass" else {}
    kind = Line if of == "a dataclass" else types.SimpleNamespace
    pay = supervised("get_order", guard=guard, **settings)(got.append)
    lines.append(kind(amount="10"))
    with pytest.raises(Changed) as changed:
        pay(lines[-1])
    assert guard.status(changed.value.action_id) is Status.FAILED
    lines.append(kind(amount="10"))

    @supervised("get_order", guard=guard, **settings)
    async def apay(line):
        got.append(line)

    with pytest.raises(Changed):
        asyncio.run(apay(lines[-1]))
    assert got == []


class Session:
    """Nothing that can be frozen."""


WAYS = {
    "beside it": lambda session, to: ((session, to, "10"), {}),
    "by name": lambda session, to: ((), {"session": session, "to": to, "amount": "10"}),
    "in one argument": lambda session, to: (([session, {"in": to}], to, "10"), {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_can_be_frozen_is_whatever_else_cannot(way):
    got, to, session = [], {"iban": "ANN"}, Session()

    def confirm(_):
        to["iban"] = "EVE"
        return True

    with Guard(policy(), confirm=confirm) as guard:

        @supervised("drop_database", guard=guard, payload=lambda session, to, amount: {"amount": amount})
        def pay(session, to, amount):
            got.append((session, to, amount))

        args, kwargs = WAYS[way](session, to)
        pay(*args, **kwargs)
    [(given, whom, amount)] = got
    assert (whom, amount) == ({"iban": "ANN"}, "10")
    if way == "in one argument":
        assert given[1] == {"in": {"iban": "ANN"}}
        given = given[0]
    assert given is session


def test_what_a_payload_reads_of_what_cannot_be_frozen_is_read_again():
    session, got = Session(), []
    session.customer = "ANN"

    def confirm(_):
        session.customer = "EVE"
        return True

    with Guard(policy(), confirm=confirm) as guard:
        of = lambda session, to: {"customer": session.customer}
        pay = supervised("drop_database", guard=guard, payload=of)(lambda session, to: got.append(to))
        with pytest.raises(Changed):
            pay(session, {"iban": "ANN"})
    assert got == []


def test_what_is_too_long_to_look_into_goes_along_and_what_is_beside_it_is_frozen():
    long, to, got = [Session()] * 100_000, {"iban": "ANN"}, []

    def confirm(_):
        to["iban"] = "EVE"
        return True

    with Guard(policy(), confirm=confirm) as guard:
        pay = supervised("drop_database", guard=guard, payload=lambda long, to: {})
        pay(lambda long, to: got.append((long, to)))(long, to)
    assert got[0][0] is long and got[0][1] == {"iban": "ANN"}


def test_what_contains_itself_goes_along():
    ring, got = [Session()], []
    ring.append(ring)
    with Guard(policy()) as guard:
        read = supervised("get_order", guard=guard, payload=lambda *_: {})(got.append)
        read(ring)
    assert got[0][0] is ring[0]


UNSET = object()


def test_a_default_that_nobody_passed_and_nobody_can_write_down_stays_the_functions(backend):
    guard = backend.open(on_review="fail_closed")

    @supervised("get_order", guard=guard)
    def read(id, note=UNSET, *more, kind=UNSET, limit=10):
        return id, note is UNSET, more, kind is UNSET, limit

    assert read(7) == (7, True, (), True, 10)
    assert read(7, kind=1) == (7, True, (), False, 10)
    assert read(7, 5, 8, limit=9) == (7, False, (8,), True, 9)
    asked = supervised("issue_refund", guard=guard)(lambda amount, note=UNSET, why="none": None)
    with pytest.raises(ReviewPending):
        asked("10")
    assert guard.pending()[0].params == {"amount": "10", "why": "none"}
    with pytest.raises(Invalid, match="/note: "):
        asked("10", UNSET)


def test_a_default_that_changes_while_it_waits_is_what_was_shown():
    shown = {"iban": "ANN"}

    def confirm(_):
        shown["iban"] = "EVE"
        return True

    for payload in (None, lambda amount: {"amount": amount}):
        shown["iban"] = "ANN"
        with Guard(policy(), confirm=confirm) as guard:

            @supervised("drop_database", guard=guard, payload=payload)
            def pay(amount, to=shown):
                return to

            assert pay("10") == {"iban": "ANN"}


def gives_a_session(function):
    @functools.wraps(function)
    def on(*args, **kwargs):
        return function("session", *args, **kwargs)

    return on


@pytest.mark.parametrize("mode", [None, "shadow"])
def test_a_decorator_below_may_give_arguments_of_its_own(backend, mode):
    guard = backend.open(policy(on_review="shadow"), mode=mode, on_review="fail_closed")

    @supervised("get_order", guard=guard)
    @gives_a_session
    def read(session, id, note=None):
        return session, id, note

    assert read(7) == read(id=7) == ("session", 7, None)
    assert read(7, 5) == read(7, note=5) == ("session", 7, 5)

    @supervised("issue_refund", guard=guard)
    @gives_a_session
    def refund(session, amount):
        return amount

    if mode is None:
        with pytest.raises(ReviewPending):
            refund(amount="10")
        assert guard.pending()[0].params == {"amount": "10"}
    else:
        assert refund(amount="10") == "10"


def test_a_decorator_below_that_names_its_arguments_is_believed():
    guard = Guard(policy(), on_review="fail_closed")

    def inner(session, amount): ...

    @functools.wraps(inner)
    def outer(amount):
        inner("session", amount)

    with pytest.raises(ReviewPending):
        supervised("issue_refund", guard=guard)(outer)("10")
    assert guard.pending()[0].params == {"amount": "10"}


def test_arguments_that_do_not_fit_raise_what_the_call_raises(backend):
    guard = backend.open()
    with pytest.raises(TypeError, match="amount"):
        supervised("issue_refund", guard=guard)(lambda amount: None)()
