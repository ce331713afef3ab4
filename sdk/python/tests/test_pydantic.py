"""Gated classes in models of pydantic: what is checked there goes through the class and its terms."""

import dataclasses
import inspect
from dataclasses import dataclass
from typing import Optional

import pydantic
import pytest
from records import WORDS, Claim, Free, Report, State, is_unsigned

from placet import signoff_gated

SIGNED = {"status": "approved", "verbatim_response": WORDS, "responsible_owner": "ann"}
UNSIGNED = [
    {"status": "approved"},
    {"status": "paid", "verbatim_response": "x" * 50},
    {**SIGNED, "verbatim_response": "yes"},
    {**SIGNED, "responsible_owner": ""},
]


@signoff_gated(gated={"approved"})
@dataclass
class Node:
    status: str = "draft"
    verbatim_response: str = ""
    responsible_owner: str = ""
    kept: dataclasses.InitVar[int] = 0
    made: int = dataclasses.field(default=0, init=False)
    inner: Optional["Node"] = None

    def __post_init__(self, kept):
        self.made = kept + 1


def adapters():
    """Claims as they are read on their own, and inside of other things."""
    model = pydantic.create_model("Model", one=(Claim | None, None), many=(list[Claim], []))
    adapter = pydantic.TypeAdapter(Claim)
    return [
        adapter.validate_python,
        lambda given: pydantic.TypeAdapter(list[Claim]).validate_python([given])[0],
        lambda given: model(one=given).one,
        lambda given: model(one={}, many=[given]).many[0],
        lambda given: pydantic.TypeAdapter(dict[str, Claim]).validate_python({"of": given})["of"],
    ]


def test_no_status_is_reached_without_a_sign_off():
    for read in adapters():
        assert is_unsigned(read({"amount": "3"})) and read({"amount": "3"}).amount == "3"
        for given in UNSIGNED:
            with pytest.raises(pydantic.ValidationError, match="needs a complete sign-off"):
                read(given)
        signed = read(SIGNED)
        assert type(signed) is Claim and signed.is_signed_off and signed.status == "approved"
        with pytest.raises(ValueError):
            signed.amount = "4"
        for other in (Free(status="approved"), 7, None, [1]):
            try:
                assert read(other) is None
            except pydantic.ValidationError:
                pass
    with pytest.raises(pydantic.ValidationError, match="amount"):
        pydantic.TypeAdapter(Claim).validate_python({"amount": 3})
    with pytest.raises(pydantic.ValidationError, match="needs a complete sign-off"):
        pydantic.TypeAdapter(Claim).validate_json('{"status": "approved"}')
    with pytest.raises(pydantic.ValidationError, match="needs a complete sign-off"):
        pydantic.TypeAdapter(Report).validate_python({"status": "approved", "why": ""})
    assert pydantic.TypeAdapter(Report).validate_python({"why": "x"}).status is State.DRAFT


def test_a_record_that_is_there_is_taken_as_it_is():
    claim = Claim(amount="3")
    for read in adapters():
        assert read(claim) is claim
    assert is_unsigned(claim)
    constructed = pydantic.create_model("Model", one=(Claim, ...)).model_construct(one={**SIGNED})
    assert constructed.one == SIGNED


def test_a_record_is_written_as_its_fields():
    claim = Claim(**SIGNED)
    model = pydantic.create_model("Model", one=(Claim, ...), many=(list[Claim], []))
    of = model(one=claim, many=[{"amount": "4"}])
    dumped = of.model_dump()
    assert dumped["one"] == dataclasses.asdict(claim) and dumped["many"][0]["amount"] == "4"
    assert model.model_validate_json(of.model_dump_json()).one.is_signed_off
    shown = pydantic.TypeAdapter(Claim).json_schema()
    assert [*shown["properties"]] == [field.name for field in dataclasses.fields(Claim)]
    assert model.model_json_schema(mode="serialization")["properties"]["one"]


def test_records_in_records_are_made_by_their_class_too():
    read = pydantic.TypeAdapter(Node).validate_python
    node = read({"kept": 6, "inner": {"kept": 1}})
    assert (node.made, node.inner.made) == (7, 2) and not node.inner.is_signed_off
    with pytest.raises(pydantic.ValidationError, match="needs a complete sign-off"):
        read({"inner": {"inner": {"status": "approved"}}})


def test_a_class_says_what_its_records_are_made_from():
    assert str(inspect.signature(Claim)).startswith("(amount: str = '10', status: str = 'draft', ")
    assert [*inspect.signature(Report).parameters] == ["status", "why"]
    assert Claim.amount == "10" and Claim.status == "draft" and Report.status is State.DRAFT
    with pytest.raises(AttributeError):
        Claim.notes

    @dataclass
    class More(Claim):
        status: str
        amount: str = "11"

    gated = signoff_gated(gated={"approved", "paid"})(More)
    assert gated().status == "draft" and gated().amount == gated.amount == "11"


def test_nobody_takes_the_fields_of_a_class_away():
    before = dataclasses.asdict(Claim())
    for tamper in (
        lambda: Claim.__dataclass_fields__.clear(),
        lambda: Claim.__dataclass_fields__.pop("status"),
        lambda: setattr(Claim, "__dataclass_fields__", {}),
        lambda: delattr(Claim, "__dataclass_fields__"),
        lambda: setattr(Claim.__dict__["status"], "_default", "approved"),
        lambda: setattr(Claim, "status", "draft"),
    ):
        with pytest.raises((AttributeError, TypeError)):
            tamper()
    assert dataclasses.asdict(Claim()) == before
    assert dataclasses.replace(Claim(), amount="3").amount == "3"
    assert [field.name for field in dataclasses.fields(Claim)] == [*before]
