"""No way of Python reaches a gated status without a complete sign-off, and a refused change leaves
no trace."""

import copy
import dataclasses
import enum
import pickle
import threading
from dataclasses import dataclass, field

import pytest

from placet import SignoffGatedRecord, SignoffRequired, signoff_gated

WORDS = "I compared the invoice with the order line by line, and both say the same."


@signoff_gated(gated={"approved", "paid"})
@dataclass
class Claim:
    amount: str = "10"
    status: str = "draft"
    verbatim_response: str = ""
    responsible_owner: str = ""
    notes: list = field(default_factory=list)


class State(enum.Enum):
    DRAFT = "draft"
    APPROVED = "approved"


@signoff_gated(gated={State.APPROVED}, required={"why": 5})
@dataclass
class Report:
    status: State = State.DRAFT
    why: str = ""


def signed():
    return Claim(verbatim_response=WORDS, responsible_owner="ann", status="approved")


def is_unsigned(claim):
    return claim.status in ("draft", "sent") and not claim.is_signed_off


def test_a_complete_sign_off_reaches_the_status():
    claim = Claim()
    claim.verbatim_response = WORDS
    claim.responsible_owner = "ann"
    claim.status = "approved"
    assert claim.status == "approved" and claim.is_signed_off
    assert signed() == Claim(status="approved", verbatim_response=WORDS, responsible_owner="ann")
    assert isinstance(claim, SignoffGatedRecord) and dataclasses.is_dataclass(claim)
    assert "amount='10'" in repr(claim)


def test_ungated_statuses_are_free():
    claim = Claim()
    claim.status = "sent"
    assert claim.status == "sent" and not claim.is_signed_off


@pytest.mark.parametrize(
    "statements",
    [
        {},
        {"verbatim_response": WORDS},
        {"responsible_owner": "ann"},
        {"verbatim_response": "yes", "responsible_owner": "ann"},
        {"verbatim_response": " " * 80, "responsible_owner": "ann"},
        {"verbatim_response": "\u200b" * 80, "responsible_owner": "ann"},
        {"verbatim_response": WORDS, "responsible_owner": "\u200b"},
        {"verbatim_response": WORDS.encode(), "responsible_owner": "ann"},
        {"verbatim_response": None, "responsible_owner": "ann"},
        {"verbatim_response": [WORDS], "responsible_owner": "ann"},
    ],
)
def test_an_incomplete_one_does_not(statements):
    with pytest.raises(SignoffRequired) as refused:
        Claim(status="approved", **statements)
    assert refused.value.missing and refused.value.status == "approved"
    claim = Claim(**statements)
    before = dataclasses.asdict(claim)
    for change in (
        lambda: setattr(claim, "status", "approved"),
        lambda: object.__setattr__(claim, "status", "approved"),
        lambda: type(claim).__setattr__(claim, "status", "paid"),
        lambda: type(claim).__mro__[0].__dict__["status"].__set__(claim, "approved"),
        lambda: claim.__init__(status="approved", **statements),
        lambda: dataclasses.replace(claim, status="approved"),
    ):
        with pytest.raises(SignoffRequired):
            change()
    assert is_unsigned(claim) and claim.amount == before["amount"]


def test_the_dictionary_of_the_object_says_nothing():
    claim = Claim()
    claim.__dict__["status"] = "approved"
    vars(claim).update(status="approved", verbatim_response=WORDS, responsible_owner="ann")
    assert is_unsigned(claim) and claim.verbatim_response == ""
    with pytest.raises(AttributeError):
        object.__getattribute__(claim, "status")


@pytest.mark.parametrize(
    "change",
    [
        lambda claim: setattr(claim, "verbatim_response", ""),
        lambda claim: setattr(claim, "responsible_owner", ""),
        lambda claim: setattr(claim, "verbatim_response", WORDS + " And more."),
        lambda claim: setattr(claim, "amount", "1000000"),
        lambda claim: object.__setattr__(claim, "amount", "1000000"),
    ],
)
def test_what_was_signed_stays_as_it_was(change):
    claim = signed()
    before = dataclasses.asdict(claim)
    with pytest.raises(SignoffRequired, match="signed off"):
        change(claim)
    assert dataclasses.asdict(claim) == before
    claim.status = "sent"
    change(claim)


def test_nothing_is_deleted():
    claim = signed()
    for name in ("status", "verbatim_response"):
        with pytest.raises(AttributeError):
            delattr(claim, name)
        with pytest.raises(AttributeError):
            object.__delattr__(claim, name)
    assert claim.is_signed_off


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_signed_record_is_not_copied_and_another_is(duplicate):
    with pytest.raises(SignoffRequired, match="one record"):
        duplicate(signed())
    claim = Claim(amount="7", notes=["n"])
    again = duplicate(claim)
    assert again == claim and type(again) is Claim and again is not claim
    with pytest.raises(SignoffRequired):
        again.status = "approved"


def test_what_is_pickled_by_hand_is_checked():
    from placet._signoff import again

    with pytest.raises(SignoffRequired):
        again(Claim, {"status": "approved", "amount": "1"})


def test_without_init_there_is_no_status():
    claim = Claim.__new__(Claim, status="approved")
    assert not claim.is_signed_off
    with pytest.raises(AttributeError):
        claim.status
    claim.status = "approved"
    with pytest.raises(AttributeError):
        claim.status
    assert not claim.is_signed_off


def test_a_record_that_leaks_while_it_is_made_is_not_signed():
    leaked = []

    @signoff_gated(gated={"approved"})
    @dataclass
    class Leaky:
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

        def __post_init__(self):
            leaked.append(self)
            assert not self.is_signed_off

    with pytest.raises(SignoffRequired):
        Leaky(status="approved")
    assert not leaked[0].is_signed_off
    with pytest.raises(AttributeError):
        leaked[0].status


def test_subclasses_are_gated_whatever_they_do():
    @dataclass
    class Careless(Claim):
        extra: str = ""

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


def test_another_class_does_not_ungate_a_record():
    @signoff_gated(gated={"never"})
    @dataclass
    class Free:
        amount: str = ""
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""
        notes: list = field(default_factory=list)

    claim = Claim()
    claim.__class__ = Free
    with pytest.raises(SignoffRequired):
        claim.status = "approved"
    assert is_unsigned(claim)


class Sneaky(str):
    def __eq__(self, other):
        return False

    __hash__ = str.__hash__


def test_a_status_cannot_pretend():
    claim = Claim()
    for status in (Sneaky("approved"), State.APPROVED, ["approved"], b"approved", 1):
        with pytest.raises(TypeError):
            claim.status = status
    assert is_unsigned(claim)
    report = Report()
    for status in ("approved", "APPROVED", None):
        with pytest.raises(TypeError):
            report.status = status
    with pytest.raises(SignoffRequired):
        report.status = State("approved")
    report.why = "because"
    report.status = State.APPROVED
    assert report.is_signed_off


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


def test_threads_at_once_see_no_unsigned_status():
    claim = Claim(verbatim_response=WORDS, responsible_owner="ann")
    over, seen = threading.Event(), []

    def clears():
        while not over.is_set():
            for value in ("", "ann"):
                try:
                    claim.responsible_owner = value
                except SignoffRequired:
                    pass

    def approves():
        for _ in range(3_000):
            try:
                claim.status = "approved"
                if not claim.responsible_owner:
                    seen.append("unsigned")
                claim.status = "sent"
            except SignoffRequired:
                pass
        over.set()

    threads = [threading.Thread(target=clears) for _ in range(3)]
    threads.append(threading.Thread(target=approves))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert over.is_set() and seen == []


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
