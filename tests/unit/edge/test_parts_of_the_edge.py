"""The small judgements of the edge: rates, bodies, numbers, marks, registrations, left calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.edge.caller import caller_number, normalised
from hotline.edge.calls import entry_for, new_call_id
from hotline.edge.journal import EdgeJournal
from hotline.edge.keys import Marks, load_key
from hotline.edge.limits import MAX_ADDRESSES, TokenBuckets
from hotline.edge.recovery import unfinished_calls
from hotline.edge.registrar import Registrar, RegistrationError
from hotline.edge.sdp import UnfitBodyError, clean_sdp, fit_for_worker, slim_for_worker
from hotline.settings import Entry
from hotline.settings_file import load_settings
from hotline.sip.message import Request, parse
from hotline.sip.transport import Hop
from tests.rfc4475.answers import ANSWERS

SHIPPED = Path(__file__).parents[3] / "config" / "hotline.yaml"
NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
SOURCE = Hop("udp", "192.0.2.7", 5062)


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def request(method: str = "INVITE", **headers: str) -> Request:
    made = Request(method=method, uri="sip:962677@192.0.2.1")
    made.headers = [
        ("via", "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKx"), ("from", "<sip:13800138000@x>;tag=f"),
        ("to", "<sip:1001@x>"), ("call-id", "c1"), ("cseq", f"1 {method}"),
    ]  # fmt: skip
    for name, value in headers.items():
        made.set(name.replace("_", "-"), value)
    return made


# ---- rates
def test_a_bucket_empties_and_fills() -> None:
    seconds = Seconds()
    buckets = TokenBuckets(2, 2, seconds)
    assert [buckets.take("a") for _ in range(5)] == [True] * 4 + [False]
    assert buckets.take("b")
    seconds.now += 1
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]


def test_a_debt_is_paid_back_in_time() -> None:
    seconds = Seconds()
    buckets = TokenBuckets(1, 4, seconds)
    buckets.charge("a", 6)
    seconds.now += 2.5
    assert not buckets.take("a")
    seconds.now += 1
    assert buckets.take("a")


def test_a_flood_of_addresses_costs_bounded_memory() -> None:
    buckets = TokenBuckets(1, 1, Seconds())
    for number in range(MAX_ADDRESSES + 500):
        buckets.take(str(number))
    assert len(buckets._buckets) == MAX_ADDRESSES


# ---- bodies
@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_body_is_cleaned_or_refused(body: bytes) -> None:
    try:
        cleaned = clean_sdp(body)
    except UnfitBodyError:
        return
    assert clean_sdp(cleaned) == cleaned


def test_any_multipart_is_opened_or_refused() -> None:
    data = ANSWERS["mpart01"][0]
    message = parse(data)
    assert isinstance(message, Request)
    with pytest.raises(UnfitBodyError):
        fit_for_worker(message)


@pytest.mark.parametrize(
    "line", ["a=ice-pwd:x", "a=candidate:1", "a=ptime:1", "a=ptime:1000", "a=maxptime:20"]
)
def test_harmful_lines_are_left_out(line: str) -> None:
    plain = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 1 RTP/AVP 8\r\na=ptime:20\r\n"
    assert clean_sdp(f"{plain}{line}\r\n".encode()) == plain.encode()


@pytest.mark.parametrize(
    "body",
    [b"v=0\r\n" + b"m=audio 1 RTP/AVP 8\r\n" * 9, b"v=0\r\na=" + b"x" * 600, b"hello", b"v=0\r\n\r\nx"],
)
def test_unreasonable_descriptions_are_refused(body: bytes) -> None:
    with pytest.raises(UnfitBodyError):
        clean_sdp(body)


def test_a_large_request_is_slimmed_or_refused() -> None:
    large = request(x_long="y" * 4000, x_hotline_call="c")
    slim_for_worker(large)
    assert not large.has("x-long")
    assert large.get("x-hotline-call") == "c"
    with pytest.raises(UnfitBodyError):
        slim_for_worker(request(call_id="y" * 4000))


# ---- numbers
@pytest.mark.parametrize(
    ("written", "meant"),
    [("13800138000", "+8613800138000"), ("+8613800138000", "+8613800138000"),
     ("008613800138000", "+8613800138000"),
     ("5551234", "+868395551234"), ("110", "110"), ("12345", "12345"), ("1001", "1001"), ("alice", "alice"),
     ("0839-5551234", "+868395551234")],
)  # fmt: skip
def test_numbers_are_brought_into_one_form(written: str, meant: str) -> None:
    assert normalised(written, "CN", "0839") == meant


def test_what_a_database_refuses_is_no_part_of_a_number() -> None:
    assert normalised("138\x00001\r\n38000", "CN", "0839") == "+8613800138000"


def test_the_carriers_word_counts_and_only_the_carriers() -> None:
    invite = request(p_asserted_identity="<tel:+8613900139000>")
    assert caller_number(invite, trusted=True, country="CN", area_code="") == "+8613900139000"
    assert caller_number(invite, trusted=False, country="CN", area_code="") == "+8613800138000"


def test_a_withheld_number_is_empty() -> None:
    invite = request(**{"from": "<sip:anonymous@anonymous.invalid>;tag=f"})
    assert caller_number(invite, trusted=True, country="CN", area_code="") == ""


# ---- entries and ids
def test_every_number_has_an_entry() -> None:
    entries = (Entry(dialled=("110",), flow="police"), Entry(dialled=("*",), flow="rest"))
    assert entry_for("110", entries).flow == "police"
    assert entry_for("other", entries).flow == "rest"
    assert entry_for("other", entries[:1]).flow == "police"


def test_the_branches_own_numbers_lead_into_the_same_menu() -> None:
    entries = load_settings(SHIPPED).entries
    menus = {entry_for(number, entries).flow for number in ("962677", "08393262677", "08395222677")}
    assert menus == {"main"}


def test_call_ids_sort_by_time_and_are_unique() -> None:
    ids = {new_call_id(NOW) for _ in range(100)}
    assert len(ids) == 100
    assert max(ids) < new_call_id(NOW + timedelta(seconds=1))


# ---- marks
def test_a_mark_names_its_flow_to_its_own_call_only(tmp_path: Path) -> None:
    marks = Marks(load_key(tmp_path / "key"))
    user = marks.route_user("phone|udp|192.0.2.7|5062|1001", "c1")
    again = Marks(load_key(tmp_path / "key"))
    assert again.flow(user, "c1") == "phone|udp|192.0.2.7|5062|1001"
    assert again.flow(user, "c2") is None
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@given(st.text(max_size=60))
def test_forged_marks_are_nothing(text: str) -> None:
    assert Marks(b"k" * 32).flow(text, "c1") is None
    assert not Marks(b"k" * 32).ours(text)


def test_a_branch_shows_a_loop_and_no_spiral() -> None:
    marks, invite = Marks(b"k" * 32), request()
    branch = marks.branch(invite)
    assert marks.ours(branch)
    assert marks.loops(invite, [branch, "z9hG4bKother"])
    elsewhere = request()
    elsewhere.uri = "sip:other@192.0.2.1"
    assert not marks.loops(elsewhere, [branch])


# ---- registrations
class Bench:
    def __init__(self, path: Path) -> None:
        self.seconds, self.changes = Seconds(), list[tuple[str, bool]]()
        self.path = path
        self.registrar = self.open()

    def open(self) -> Registrar:
        return Registrar(
            self.path, self.seconds, lambda user, there: self.changes.append((user, there)),
            max_seconds=600, max_contacts=2,
        )  # fmt: skip

    def register(self, contact: str, number: int = 1, source: Hop = SOURCE, **headers: str) -> list[str]:
        made = request("REGISTER", contact=contact, cseq=f"{number} REGISTER", **headers)
        return [binding.contact for binding in self.registrar.register("1001", made, source)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "edge" / "registrations.json")


def test_a_registration_lasts_as_long_as_it_was_granted(bench: Bench) -> None:
    assert bench.register("<sip:a@192.0.2.7>;expires=100") == ["sip:a@192.0.2.7"]
    assert bench.registrar.user_at(SOURCE) == "1001"
    bench.seconds.now += 99
    bench.registrar.expire()
    assert bench.registrar.reachable() == ["1001"]
    bench.seconds.now += 2
    bench.registrar.expire()
    assert (bench.registrar.reachable(), bench.registrar.user_at(SOURCE)) == ([], "")
    assert bench.changes == [("1001", True), ("1001", False)]


@pytest.mark.parametrize(("wish", "granted"), [("5", 30), ("100", 100), ("99999", 600)])
def test_wishes_have_bounds(bench: Bench, wish: str, granted: int) -> None:
    bench.register(f"<sip:a@192.0.2.7>;expires={wish}")
    (binding,) = bench.registrar.bindings("1001")
    assert binding.expires_at == bench.seconds.now + granted


def test_the_newest_phones_are_kept(bench: Bench) -> None:
    for number, name in enumerate("abc", 1):
        bench.register(f"<sip:{name}@192.0.2.7>", number)
    assert [b.contact for b in bench.registrar.bindings("1001")] == ["sip:c@192.0.2.7", "sip:b@192.0.2.7"]


def test_the_same_phone_elsewhere_replaces_itself(bench: Bench) -> None:
    bench.register('<sip:a@192.0.2.7>;+sip.instance="<urn:uuid:1>"', 1)
    assert bench.register('<sip:a@192.0.2.9>;+sip.instance="<urn:uuid:1>"', 2) == ["sip:a@192.0.2.9"]


def test_an_old_register_changes_nothing(bench: Bench) -> None:
    bench.register("<sip:a@192.0.2.7>", 5)
    with pytest.raises(RegistrationError):
        bench.register("<sip:a@192.0.2.7>;expires=0", 5)
    with pytest.raises(RegistrationError):
        bench.register("*", 4, expires="0")
    assert len(bench.registrar.bindings("1001")) == 1


def test_stars_stand_alone_and_mean_zero(bench: Bench) -> None:
    for contact, expires in (("*", "60"), ("*, <sip:a@b>", "0")):
        with pytest.raises(RegistrationError):
            made = request("REGISTER", expires=expires)
            made.headers += [("contact", value.strip()) for value in contact.split(",")]
            bench.registrar.register("1001", made, SOURCE)


def test_a_query_changes_nothing(bench: Bench) -> None:
    bench.register("<sip:a@192.0.2.7>")
    assert len(bench.registrar.register("1001", request("REGISTER"), SOURCE)) == 1


def test_odd_contacts_are_passed_over(bench: Bench) -> None:
    assert bench.register("<mailto:a@b>") == []
    assert bench.register("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>") == []


def test_registrations_are_on_disk(bench: Bench) -> None:
    bench.register("<sip:a@192.0.2.7>")
    assert bench.open().bindings("1001") == bench.registrar.bindings("1001")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"1001": [{"contact": 1}]}', '{"1001": 7}'])
def test_a_spoilt_file_is_put_aside(bench: Bench, content: str) -> None:
    bench.path.parent.mkdir()
    bench.path.write_text(content)
    assert bench.open().reachable() == []
    assert bench.path.with_name("registrations.json.bad").read_text() == content


# ---- the journal, and what was left
def arrive(journal: EdgeJournal, call_id: str, trunk: str = "carrier") -> None:
    journal.arrived(call_id, caller="1", dialled="2", trunk=trunk, sip_call_id="x", drill=False)


def test_ids_of_the_edges_records_are_its_own(tmp_path: Path) -> None:
    grew: list[None] = []
    journal = EdgeJournal(tmp_path, lambda: NOW, lambda: grew.append(None))
    arrive(journal, "c1")
    journal.callback("c1", "1", "refused", 30)
    journal.ended("c1", "refused", 503)
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["event_id"] for line in lines] == ["c1/edge/1", "c1/edge/2", "c1/edge/3"]
    assert len(grew) == 3
    journal.close()


def test_a_torn_line_is_ended(tmp_path: Path) -> None:
    (tmp_path / "edge.jsonl").write_text('{"torn')
    journal = EdgeJournal(tmp_path, lambda: NOW)
    arrive(journal, "c1")
    assert [call.arrived.call_id for call in unfinished_calls(tmp_path, NOW)] == ["c1"]
    journal.close()


def test_only_calls_between_two_chairs_are_left(tmp_path: Path) -> None:
    journal = EdgeJournal(tmp_path, lambda: NOW)
    for call_id in ("left", "without-invite", "ended", "with-worker", "stored"):
        arrive(journal, call_id)
    journal.ended("ended", "refused", 503)
    (tmp_path / "with-worker.jsonl").write_text("{}\n")
    (tmp_path / "without-invite.jsonl").touch()
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "stored.jsonl").touch()
    assert [call.arrived.call_id for call in unfinished_calls(tmp_path, NOW)] == ["left", "without-invite"]
    assert unfinished_calls(tmp_path, NOW + timedelta(hours=2)) == []
    assert unfinished_calls(tmp_path / "none", NOW) == []
    journal.close()
