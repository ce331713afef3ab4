"""No class says something else than its gated records do, none asks for less than those it is made
from, and every kind of dataclass can be gated."""

import abc
import copy
import dataclasses
import functools
import gc
from dataclasses import dataclass

import pytest
from records import WORDS, Claim, Free, State, is_unsigned

from placet import SignoffGatedRecord, SignoffRequired, signoff_gated


def lie(self, name):
    return "approved"


class Reads:
    """A class that says something else than its records do."""

    __getattribute__ = lie


class Answers:
    __getattr__ = lie


@pytest.mark.parametrize("name", ["is_signed_off", "__getattribute__", "__getattr__", "__class__"])
def test_no_class_says_what_a_record_says(name):
    for cls in (Claim, SignoffGatedRecord):
        for tamper in (
            lambda: setattr(cls, name, True),
            lambda: delattr(cls, name),
            lambda: type(cls)("Sub", (cls,), {name: True}),
        ):
            with pytest.raises((AttributeError, TypeError)):
                tamper()
    assert Claim().is_signed_off is False


def test_what_a_class_is_made_from_does_not_say_it_either():
    class Mixed(Reads, Answers, Claim):
        pass

    base = Claim.__mro__[-2]
    assert base.__name__ == "GatedRecord"
    read, was_signed = vars(base)["__getattribute__"], vars(base)["is_signed_off"]
    try:
        base.__getattribute__ = lie
        base.is_signed_off = True
        type.__setattr__(Claim, "is_signed_off", True)
        for claim in (Claim(), Mixed(), Mixed.__new__(Mixed)):
            assert not claim.is_signed_off
            assert getattr(claim, "status", "unset") in ("draft", "unset")
        del base.__getattribute__
        assert is_unsigned(Claim()) and is_unsigned(Mixed())
    finally:
        base.__getattribute__, base.is_signed_off = read, was_signed
        type.__delattr__(Claim, "is_signed_off")


GUARDS = ["__setattr__", "__delattr__", "__new__", "__call__", "_stays"]


@pytest.mark.parametrize("name", GUARDS)
def test_the_class_of_the_class_stays_what_it_is(name):
    """Without what refuses it, every class could be given another way of being read."""
    kind = type(Claim)
    for tamper in (
        lambda: delattr(kind, name),
        lambda: setattr(kind, name, lie),
        lambda: type(name, (kind,), {name: lie}),
        lambda: type(kind)(name, (kind,), {name: lie}),
        lambda: setattr(kind, "__bases__", (type,)),
    ):
        with pytest.raises(TypeError, match="stays what it is"):
            tamper()
    with pytest.raises(AttributeError, match="stays so"):
        Claim.__getattribute__ = lie
    assert Claim().status == "draft"


def test_the_class_of_a_class_can_have_more_than_ours():
    class Registers(type(Claim)):
        """One that keeps account of its classes."""

        def __init__(cls, name, bases, space):
            super().__init__(name, bases, space)
            made.append(name)

    made = []

    class Kept(Claim, metaclass=Registers):
        pass

    assert made == ["Kept"] and is_unsigned(Kept())


def test_the_class_stays_what_it_is():
    for tamper in (
        lambda: setattr(Claim, "status", "approved"),
        lambda: delattr(Claim, "status"),
        lambda: setattr(Claim.__dict__["status"], "_name", "amount"),
        lambda: signoff_gated(gated={"never"})(Claim) and Claim(),
    ):
        try:
            tamper()
        except (AttributeError, TypeError):
            pass
        with pytest.raises(SignoffRequired):
            Claim(status="approved")
    claim = Claim()
    type.__setattr__(Claim, "is_tampered", True)
    try:
        descriptor = Claim.__dict__["status"]
        type.__setattr__(Claim, "status", "approved")
        assert is_unsigned(claim)
        object.__setattr__(claim, "status", "approved")
        assert is_unsigned(claim)
    finally:
        type.__setattr__(Claim, "status", descriptor)


@pytest.mark.parametrize(("made", "other"), [(Claim, Free), (Free, Claim)])
def test_a_record_stays_what_it_was_made_as(made, other):
    record = made()
    for change in (
        lambda: setattr(record, "__class__", other),
        lambda: object.__setattr__(record, "__class__", other),
    ):
        with pytest.raises(TypeError, match="stays one"):
            change()
    assert type(record) is made


def test_a_record_that_gets_another_class_all_the_same_says_nothing():
    free = Free(status="approved")
    vars(object)["__class__"].__set__(free, Claim)
    for use in (
        lambda: free.status,
        lambda: free.is_signed_off,
        lambda: setattr(free, "status", "approved"),
        lambda: copy.copy(free),
    ):
        with pytest.raises(TypeError, match="made as a Free and is no Claim"):
            use()
    vars(object)["__class__"].__set__(free, Free)
    assert free.status == "approved"


class Tidy(type(Claim)):
    """A metaclass that says itself in which order its classes are asked."""

    order = ()

    def mro(cls):
        return [cls, *cls.order, *super().mro()[1:]] if cls.order else super().mro()


def test_no_class_asks_for_less_than_those_it_is_made_from():
    class Both(Free, Claim):
        pass

    class Other(Claim, Free):
        pass

    class First(Tidy):
        order = (Free,)

    made = [Both, Other]
    try:
        made.append(First("Ordered", (Claim, Free), {}))
    except TypeError:
        pass
    for cls in made:
        with pytest.raises(TypeError, match="asks for less"):
            cls(status="approved")
        with pytest.raises(TypeError):
            vars(object)["__class__"].__set__(claim := Claim(), cls)
            claim.status


@pytest.mark.parametrize(
    "less",
    [
        {"gated": {"approved"}},
        {"gated": {"never"}},
        {"gated": {State.APPROVED}},
        {"gated": {"approved", "paid"}, "required": {"verbatim_response": 50}},
        {
            "gated": {"approved", "paid"},
            "required": {"verbatim_response": 1, "responsible_owner": 1},
        },
        {"gated": {"approved", "paid"}, "status": "state"},
    ],
)
def test_a_class_made_from_a_gated_one_asks_for_no_less(less):
    with pytest.raises(TypeError, match="asks for less"):

        @signoff_gated(**less)
        @dataclass
        class Laxer(Claim):
            state: str = ""


def test_it_may_ask_for_more():
    @signoff_gated(gated={"approved", "paid", "sent"})
    @dataclass
    class Stricter(Claim):
        extra: str = ""

    @signoff_gated(gated={"approved", "paid", "never"})
    @dataclass
    class Both(Free, Claim):
        pass

    with pytest.raises(SignoffRequired):
        Stricter(status="sent")
    assert Stricter(status="sent", verbatim_response=WORDS, responsible_owner="b").is_signed_off
    for status in ("approved", "never"):
        with pytest.raises(SignoffRequired):
            Both(status=status)


def test_a_field_that_nobody_holds_still_is_refused():
    @dataclass
    class More(Claim):
        account: str = ""

    with pytest.raises(TypeError, match="the field account, which nobody holds still"):
        More()
    record = signoff_gated(gated={"approved", "paid"})(More)(
        status="paid", verbatim_response=WORDS, responsible_owner="ann", account="1"
    )
    with pytest.raises(SignoffRequired):
        record.account = "2"


def test_subclasses_are_gated_whatever_they_do():
    @dataclass
    class Careless(Claim):
        def __init__(self, **fields):
            for name, value in fields.items():
                setattr(self, name, value)

        def __post_init__(self):
            raise AssertionError("never called")

        def __setattr__(self, name, value):
            object.__setattr__(self, name, value)

    with pytest.raises(SignoffRequired):
        Careless(status="approved")
    assert is_unsigned(Careless(status="draft"))

    class Lying(Claim):
        status = "approved"

    lying = Lying()
    assert not lying.is_signed_off
    with pytest.raises(AttributeError):
        lying.status


def test_super_is_the_class_itself():
    def doubled(function):
        @functools.wraps(function)
        def twice(*args):
            return function(*args) * 2

        return twice

    class Base:
        def word(self):
            return "a"

    @signoff_gated(gated={"approved"})
    @dataclass
    class Worded(Base):
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

        def word(self):
            return super().word() + __class__.__name__

        @doubled
        def twice(self):
            return super().word()

        @property
        def named(self):
            return super().word()

        @classmethod
        def of(cls):
            return super().__new__(cls), __class__

    record = Worded()
    assert (record.word(), record.twice(), record.named) == ("aWorded", "aa", "a")
    assert Worded.of()[1] is Worded


@pytest.mark.parametrize("how", [{"frozen": True}, {"frozen": True, "slots": True}])
def test_a_frozen_record_is_frozen(how):
    @signoff_gated(gated={"approved"})
    @dataclass(**how)
    class Frozen:
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

    for name in ("status", "no_field"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(Frozen(), name, "x")
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(Frozen(), name)


def test_an_abstract_class_is_gated_and_stays_abstract():
    @signoff_gated(gated={"approved"})
    @dataclass
    class Abstract(abc.ABC):
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

        @abc.abstractmethod
        def pay(self): ...

    class Concrete(Abstract):
        def pay(self):
            return "paid"

    with pytest.raises(TypeError, match="pay"):
        Abstract()
    assert Concrete().pay() == "paid"
    with pytest.raises(SignoffRequired):
        Concrete(status="approved")


def test_a_base_that_wants_to_know_more_is_told():
    seen = {}

    class Registered:
        def __init_subclass__(cls, tag, **rest):
            super().__init_subclass__(**rest)
            seen[tag] = cls

    def write(*bases):
        @signoff_gated(gated={"approved"})
        @dataclass
        class Tagged(*bases, tag="x"):
            status: str = "draft"
            verbatim_response: str = ""
            responsible_owner: str = ""

        return Tagged

    with pytest.raises(TypeError, match="write SignoffGatedRecord among its bases"):
        write(Registered)
    tagged = write(Registered, SignoffGatedRecord)
    assert seen["x"] is tagged
    with pytest.raises(SignoffRequired):
        tagged(status="approved")


def test_a_base_with_slots_is_refused_in_words():
    @dataclass(slots=True)
    class Slotted:
        amount: str = ""

    with pytest.raises(TypeError, match="Slotted lays out its fields in __slots__"):

        @signoff_gated(gated={"approved"})
        @dataclass
        class Made(Slotted):
            status: str = "draft"
            verbatim_response: str = ""
            responsible_owner: str = ""


@pytest.mark.parametrize("how", [{"frozen": True}, {"slots": True}, {"frozen": True, "slots": True}, {"kw_only": True}, {"order": True}])
def test_every_kind_of_dataclass(how):
    @signoff_gated(gated={"approved"})
    @dataclass(**how)
    class Kind:
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

    with pytest.raises(SignoffRequired):
        Kind(status="approved")
    record = Kind()
    with pytest.raises((SignoffRequired, dataclasses.FrozenInstanceError)):
        record.status = "approved"
    with pytest.raises(SignoffRequired):
        object.__setattr__(record, "status", "approved")
    assert is_unsigned(record)
    assert Kind(status="approved", verbatim_response=WORDS, responsible_owner="ann").is_signed_off


@pytest.mark.parametrize(
    "wrong",
    [
        {"gated": set()},
        {"gated": "approved"},
        {"gated": {"approved", State.APPROVED}},
        {"gated": {1}},
        {"gated": {"approved"}, "status": "state"},
        {"gated": {"approved"}, "required": {}},
        {"gated": {"approved"}, "required": {"no_such_field": 1}},
        {"gated": {"approved"}, "required": {"verbatim_response": 0}},
        {"gated": {"approved"}, "required": {"status": 1}},
    ],
)
def test_what_gates_nothing_is_an_error(wrong):
    with pytest.raises(TypeError):

        @signoff_gated(**wrong)
        @dataclass
        class Wrong:
            status: str = "draft"
            verbatim_response: str = ""

    with pytest.raises(TypeError):
        signoff_gated(gated={"approved"})(object)


def test_a_class_that_has_lost_its_fields_hides_nothing_of_its_records(backend):
    @signoff_gated(gated={"approved"})
    @dataclasses.dataclass
    class Order:
        amount: str
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

    guard, order = backend.open(on_review="fail_closed"), Order("5000")
    order.__dict__["amount"] = "4"
    with pytest.raises(AttributeError):
        Order.__dataclass_fields__.clear()
    # Who reaches behind that can empty them all the same.
    [fields] = gc.get_referents(Order.__dataclass_fields__)
    fields.clear()
    assert not guard.execute("drop_database", {"order": order}, lambda *_: pytest.fail("it ran"))
    [held] = guard.pending()
    assert held.params["order"]["amount"] == "5000" and held.params["order"]["status"] == "draft"
