"""Who is calling makes triage hear more, never less; and when a question is due."""

from __future__ import annotations

import io
import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.cli import main
from hotline.triage import NOBODY, Band, Caller, TriageSession, assess, denied, question_due
from hotline.triage.caller import caller_from, caller_of
from hotline.triage.corpus import SENTENCES, read_corpus
from hotline.triage.model import Assessment
from hotline.triage.train import Plan, train

WHO = [
    Caller(partner="110"), Caller(vulnerable=True), Caller(emergency=True), Caller(drill=True),
    Caller(ticket="no_gas", outage=True),
]
SENTENCES_HERE = [sentence.text for sentence in read_corpus(SENTENCES).sentences[::23]]


@pytest.mark.parametrize("who", WHO, ids=str)
def test_no_context_takes_an_emergency_away(who: Caller) -> None:
    for text in SENTENCES_HERE:
        if assess(text).emergency:
            assert assess(text, caller=who).emergency, text


def test_less_is_enough_from_a_partner_and_the_reasons_say_so() -> None:
    sentences = read_corpus(SENTENCES).sentences
    unsure = train(sentences[::30], Plan(epochs=1, noises=(0.0,)))
    partner = partial(assess, classifier=unsure, caller=Caller(partner="119"))
    tipped = [
        sentence.text for sentence in sentences[1::5]
        if not assess(sentence.text, classifier=unsure).emergency and partner(sentence.text).emergency
    ]
    assert tipped
    rules = [reason.rule for reason in partner(tipped[0]).reasons]
    assert rules[-1] == "caller_partner" and len(rules) > 1


def test_a_drill_is_judged_as_if_it_were_real() -> None:
    for text in SENTENCES_HERE[::4]:
        assert assess(text, caller=Caller(drill=True)) == assess(text)


def test_a_known_outage_makes_an_unclear_wish_clearer() -> None:
    assert Caller(outage=True).points()["outage_inquiry"] > 0
    assert Caller(ticket="appointment").points() == {"appointment": pytest.approx(0.8)}
    assert NOBODY.points() == {} and NOBODY.counts == 1.0
    plain = [assess(text).label for text in SENTENCES_HERE]
    known = [assess(text, caller=Caller(outage=True)).label for text in SENTENCES_HERE]
    assert known.count("outage_inquiry") >= plain.count("outage_inquiry")


def test_facts_of_a_call_become_a_caller() -> None:
    facts = {"partner": "110", "vulnerable": "yes", "drill": "", "ticket": "callback", "caller": "+86139"}
    assert caller_of(facts) == Caller(partner="110", vulnerable=True)
    assert caller_of({"ticket": "no_gas", "outage": "yes"}) == Caller(ticket="no_gas", outage=True)


@pytest.mark.parametrize("content", [[], "110", {"partner": 110}, {"vulnerable": "yes"}, {"who": "me"}])
def test_a_faulty_context_is_told(content: object) -> None:
    with pytest.raises(ValueError, match=r"partner|vulnerable"):
        caller_from(content)


def test_a_session_takes_the_caller_when_he_becomes_known() -> None:
    session = TriageSession()
    session.caller = Caller(vulnerable=True)
    assert session.feed("我家漏煤气了", final=True).emergency is not None


@given(st.floats(0, 1), st.booleans())
def test_a_question_is_due_in_the_band_only(suspicion: float, vulnerable: bool) -> None:
    found = Assessment("repair", False, None, "indoor", 0.9, (), suspicion=suspicion)
    band = Band(ask_from=0.1, ask_vulnerable_from=0.05, believe_below=0.01)
    due = question_due(found, band, Caller(vulnerable=vulnerable))
    assert due is (suspicion >= (0.05 if vulnerable else 0.1))
    assert not question_due(Assessment("leak_emergency", True, "leak", "indoor", 0.9, ()), band)


def test_who_denies_is_believed_only_when_nothing_speaks_against_it() -> None:
    said = assess("没有漏气，就是打不着火")
    assert denied(said, Band(believe_below=0.5))
    assert not denied(said, Band(believe_below=0.0))
    assert not denied(assess("我要交费"), Band(believe_below=0.5))


def test_context_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (
        '{"id": 1, "text": "我家漏气", "context": {"partner": "110"}}\n{"id": 2, "text": "", "context": 3}\n'
    )
    stdin = io.TextIOWrapper(io.BytesIO(lines.encode()), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(SystemExit) as ended:
        main(["triage"])
    printed = capsys.readouterr()
    assert ended.value.code == 2 and "standard input:2: context: must be an object" in printed.err
    assert json.loads(printed.out)["label"] == "leak_emergency"
