"""No way of Python reaches a gated status without a complete sign-off, and a refused change leaves
no trace."""

import copy
import copyreg
import dataclasses
import enum
import gc
import json
import pickle
import threading
import weakref
from dataclasses import dataclass

import pytest
from records import WORDS, Claim, Report, State, is_unsigned, signed

from placet import SignoffGatedRecord, SignoffRequired, signoff_gated


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
        lambda: claim.__init__(amount="999", notes=["changed"]),
        lambda: Claim.__init__(claim, amount="999", status="approved", **statements),
        lambda: dataclasses.replace(claim, status="approved"),
        lambda: dataclasses.replace(claim, status="approved", amount="999"),
    ):
        with pytest.raises(SignoffRequired):
            change()
        assert is_unsigned(claim) and dataclasses.asdict(claim) == before


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
    from placet._gated import again

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


class Stage(str, enum.Enum):
    DRAFT = "draft"
    APPROVED = "approved"


class Bits(enum.Flag):
    SENT = 1
    APPROVED = 2


def test_only_members_of_the_enum_are_its_members():
    @signoff_gated(gated={Stage.APPROVED}, status="stage", required={"why": 5})
    @dataclass
    class Staged:
        stage: Stage = Stage.DRAFT
        why: str = ""

    record = Staged()
    fake = str.__new__(Stage, "approved")
    fake._name_, fake._value_ = "APPROVED", "approved"
    assert fake == Stage.APPROVED
    with pytest.raises(TypeError, match="cannot be this Stage"):
        record.stage = fake
    assert record.stage is Stage.DRAFT
    for gated in ({fake}, {Bits.APPROVED}, {Bits.APPROVED, Bits.SENT}):
        with pytest.raises(TypeError):
            signoff_gated(gated=gated, status="stage", required={"why": 5})(
                dataclass(type("Other", (), {"__annotations__": {"stage": Stage, "why": str}}))
            )


# The words are those of one record.


@pytest.mark.parametrize(
    "another",
    [
        lambda claim: dataclasses.replace(claim, amount="1000000"),
        lambda claim: dataclasses.replace(claim),
        lambda claim: dataclasses.replace(claim, responsible_owner="bob", status="paid"),
        lambda claim: Claim(**dataclasses.asdict(claim)),
        lambda claim: Claim(**{f.name: getattr(claim, f.name) for f in dataclasses.fields(claim)}),
    ],
)
def test_a_sign_off_is_for_one_record(another):
    claim = signed()
    with pytest.raises(SignoffRequired, match="written for another record"):
        another(claim)
    assert claim.is_signed_off and claim.amount == "10"


def test_not_even_once_that_record_is_gone():
    claim = signed()
    draft = dataclasses.replace(claim, status="draft", amount="1000000")
    del claim
    with pytest.raises(SignoffRequired, match="written for another record"):
        draft.status = "approved"
    draft.verbatim_response = WORDS
    draft.status = "approved"
    assert draft.is_signed_off


def test_a_reducer_of_the_program_does_not_move_it():
    claim = signed()
    copyreg.pickle(Claim, lambda it: (Claim, tuple(dataclasses.asdict(it).values())))
    try:
        with pytest.raises(SignoffRequired):
            copy.copy(claim)
    finally:
        del copyreg.dispatch_table[Claim]
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle"):
            object.__reduce_ex__(claim, protocol)


def test_a_record_that_changed_is_signed_anew():
    claim = signed()
    claim.status = "sent"
    claim.status = "approved"
    claim.status = "sent"
    claim.amount = "1000000"
    with pytest.raises(SignoffRequired, match="before the record changed"):
        claim.status = "approved"
    assert claim.status == "sent"
    copied = copy.copy(claim)
    with pytest.raises(SignoffRequired, match="written for another record"):
        copied.status = "approved"
    claim.verbatim_response = WORDS
    claim.status = "paid"
    assert claim.status == "paid" and claim.is_signed_off


def test_a_stored_record_comes_back_with_its_words():
    row = json.loads(json.dumps(dataclasses.asdict(signed())))
    assert Claim(**row).is_signed_off
    with pytest.raises(SignoffRequired):
        Claim(**{**row, "verbatim_response": ""})


def test_only_fields_are_held_still():
    """What is said of it, is so: a list in a field is one that anybody can change."""
    claim = signed()
    claim.notes.append("later")
    claim.remark = "no field"
    assert claim.notes == ["later"] and claim.is_signed_off


def test_a_record_that_holds_itself_is_freed():
    claim = Claim()
    claim.notes.append(claim)
    gone = weakref.ref(claim)
    del claim
    gc.collect()
    assert gone() is None


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
                claim.verbatim_response = WORDS
                claim.status = "approved"
                seen.append(bool(claim.responsible_owner))
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
    assert over.is_set() and seen and all(seen)
