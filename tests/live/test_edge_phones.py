"""Agents' softphones at a living edge: passwords, registrations, calls from and to them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.sip_rig import (
    DIGEST_TRUNK,
    EDGE,
    PHONE,
    SDP,
    STRANGER,
    TRUNK,
    Edge,
    Phone,
    Worker,
    running_edge,
)


@pytest.fixture
def edge() -> Iterator[Edge]:
    with running_edge() as running:
        yield running


def called(edge: Edge, user: str) -> Worker:
    """A worker that rings `user`."""
    worker = Worker(edge, "c1")
    worker.dial(f"sip:{user}@{EDGE}:{edge.port}")
    return worker


# ---- REGISTER
@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_phone_registers_and_is_rung(edge: Edge, algorithm: str, tcp: bool) -> None:
    controller = edge.controller()
    controller.expect("registered", user="1001", reachable=False)
    phone = Phone(edge, PHONE, user="1001", tcp=tcp)
    ok = phone.register(algorithm=algorithm, contact=f"{phone.contact};expires=300")
    assert ok.status == 200
    assert ok.get("contact").startswith(phone.contact)
    controller.expect("registered", user="1001", reachable=True)
    worker = called(edge, "1001")
    got = phone.expect("INVITE")
    assert not got.has("x-hotline-call")
    phone.answer(got, 180)
    worker.expect(180)
    answer = phone.answer(got, 200)
    ok = worker.expect(200)
    phone.send(phone.within_called("BYE", got, answer))
    worker.answer(worker.expect("BYE"), 200)
    phone.expect(200)


def test_sha_256_is_offered_before_md5(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    phone.send(phone.request("REGISTER", f"sip:{EDGE}", to=f"<sip:1001@{EDGE}>"))
    first, second = phone.expect(401).all("www-authenticate")
    assert "algorithm=SHA-256" in first
    assert "algorithm=MD5" in second


def test_a_wrong_password_is_asked_again_and_registers_nothing(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    assert phone.register("falsch").status == 401
    assert called(edge, "1001").expect(480)


def test_guessing_is_slowed_down() -> None:
    with running_edge(edge__rate_limits={"stranger_per_second": 2, "wrong_password_cost": 10}) as edge:
        phone = Phone(edge, STRANGER, user="1001")
        assert phone.register("falsch").status == 401
        phone.send(phone.request("REGISTER", f"sip:{EDGE}", to=f"<sip:1001@{EDGE}>"))
        phone.silence()


def test_used_credentials_are_stale(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    request = phone.request("REGISTER", f"sip:{EDGE}", to=f"<sip:1001@{EDGE}>")
    phone.send(request)
    challenge = phone.expect(401)
    again = phone.with_password(request, challenge, "geheim")
    phone.send(again)
    phone.expect(200)
    replayed = phone.with_password(request, challenge, "geheim")
    phone.send(replayed)
    assert all("stale=true" in value for value in phone.expect(401).all("www-authenticate"))
    phone.send(phone.with_password(again, challenge, "geheim", nc=2))
    phone.expect(200)


def test_nobody_registers_for_another(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    request = phone.request("REGISTER", f"sip:{EDGE}", to=f"<sip:1002@{EDGE}>")
    phone.send(request)
    phone.send(phone.with_password(request, phone.expect(401), "geheim"))
    phone.expect(403)


def test_registrations_and_passwords_survive_a_sigkill(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    phone.register()
    request = phone.request("REGISTER", f"sip:{EDGE}", to=f"<sip:1001@{EDGE}>")
    phone.send(request)
    challenge = phone.expect(401)
    edge.kill()
    edge.start()
    called(edge, "1001")
    phone.expect("INVITE")
    phone.send(phone.with_password(request, challenge, "geheim"))
    phone.expect(200)


def test_a_phone_goes_away(edge: Edge) -> None:
    controller, phone = edge.controller(), Phone(edge, PHONE, user="1001")
    phone.register()
    controller.expect("registered", user="1001", reachable=True)
    phone.register(contact="*", expires="0")
    controller.expect("registered", user="1001", reachable=False)
    assert called(edge, "1001").expect(480)


def test_a_phone_whose_connection_breaks_is_away(edge: Edge) -> None:
    controller, phone = edge.controller(), Phone(edge, PHONE, user="1001", tcp=True)
    phone.register()
    controller.expect("registered", user="1001", reachable=True)
    phone.close()
    controller.expect("registered", user="1001", reachable=False)


def test_all_phones_of_a_user_ring_and_the_first_wins(edge: Edge) -> None:
    desk, mobile = Phone(edge, PHONE, user="1001"), Phone(edge, STRANGER, user="1001", tcp=True)
    desk.register()
    mobile.register()
    worker = called(edge, "1001")
    at_desk, on_mobile = desk.expect("INVITE"), mobile.expect("INVITE")
    desk.answer(at_desk, 180)
    worker.expect(180)
    mobile.answer(on_mobile, 200)
    worker.expect(200)
    desk.answer(desk.expect("CANCEL"), 200)
    desk.answer(at_desk, 487)
    desk.expect("ACK")


def test_a_worker_hangs_up_while_the_phone_rings(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    phone.register()
    worker = Worker(edge, "c1")
    sent = worker.dial(f"sip:1001@{EDGE}:{edge.port}")
    got = phone.expect("INVITE")
    phone.answer(got, 180)
    worker.expect(180)
    worker.cancel(sent)
    phone.answer(phone.expect("CANCEL"), 200)
    phone.answer(got, 487)
    phone.expect("ACK")
    worker.expect(487)


def test_a_phone_behind_nat_is_reached_where_it_spoke_from(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    phone.register(contact="<sip:1001@192.168.77.77:5060>")
    worker = called(edge, "1001")
    got = phone.expect("INVITE")
    assert got.uri == "sip:1001@192.168.77.77:5060"
    answer = phone.answer(got, 200)
    ok = worker.expect(200)
    ok.set("contact", "<sip:1001@192.168.77.77:5060>")
    sent = got.copy()
    sent.set("from", ok.get("from"))
    worker.send(worker.within("BYE", sent, ok))
    assert phone.expect("BYE").to_tag == answer.to_tag


# ---- calls of phones
def with_password(phone: Phone, number: str) -> None:
    invite = phone.request("INVITE", f"sip:{number}@{EDGE}:{phone.edge.port}", body=SDP)
    invite.set("from", f"<sip:{phone.user}@{EDGE}>;tag=f1")
    phone.send(invite)
    challenge = phone.expect(407)
    phone.refused(invite, challenge)
    phone.send(phone.with_password(invite, challenge, "geheim"))


def test_an_agent_calls_the_hotline(edge: Edge) -> None:
    zygote, phone = edge.zygote(), Phone(edge, PHONE, user="1001")
    with_password(phone, "962677")
    worker = zygote.worker()
    got = worker.expect("INVITE")
    assert not got.has("proxy-authorization")
    answer = worker.answer(got, 200)
    phone.expect(200)
    worker.send(worker.within_called("BYE", got, answer))
    phone.answer(phone.expect("BYE"), 200)
    worker.expect(200)
    assert edge.journal()[0]["caller"] == "1001"


def test_an_agents_refused_call_is_not_called_back(edge: Edge) -> None:
    zygote, phone = edge.zygote(), Phone(edge, PHONE, user="1001")
    with_password(phone, "962677")
    zygote.cannot(zygote.fork())
    phone.expect(503)
    assert edge.kinds() == ["call_arrived", "call_ended"]


def test_agents_call_each_other(edge: Edge) -> None:
    first, second = Phone(edge, PHONE, user="1001"), Phone(edge, STRANGER, user="1002", tcp=True)
    second.register()
    with_password(first, "1002")
    got = second.expect("INVITE")
    answer = second.answer(got, 200)
    ok = first.expect(200)
    sent = got.copy()
    first.send(first.within("INFO", sent, ok, 9))
    second.answer(second.expect("INFO"), 200)
    first.expect(200)
    second.send(second.within_called("BYE", got, answer))
    first.answer(first.expect("BYE"), 200)
    second.expect(200)


def test_agents_do_not_call_out(edge: Edge) -> None:
    phone = Phone(edge, PHONE, user="1001")
    with_password(phone, "13800138000")
    phone.expect(404)


# ---- strangers and odd trunks
@pytest.mark.parametrize("method", ["OPTIONS", "SUBSCRIBE", "PUBLISH", "MESSAGE", "BYE", "FOO"])
def test_strangers_hear_nothing(edge: Edge, method: str) -> None:
    stranger = Phone(edge, STRANGER)
    stranger.send(stranger.request(method, f"sip:962677@{EDGE}"))
    stranger.silence()


@pytest.mark.parametrize("method", ["SUBSCRIBE", "PUBLISH", "MESSAGE", "FOO"])
def test_trunks_are_told_what_is_allowed(edge: Edge, method: str) -> None:
    trunk = Phone(edge, TRUNK)
    trunk.send(trunk.request(method, f"sip:962677@{EDGE}"))
    assert "INVITE" in trunk.expect(405).get("allow")


def test_strangers_get_no_call_through(edge: Edge) -> None:
    zygote, stranger = edge.zygote(), Phone(edge, STRANGER)
    stranger.refused(stranger.invite(), stranger.expect(407))
    zygote.link.nothing("fork")
    assert edge.journal() == []


def test_strangers_are_limited_and_trunks_are_not() -> None:
    with running_edge(edge__rate_limits={"stranger_per_second": 1, "burst_seconds": 3}) as edge:
        edge.zygote()
        stranger, trunk = Phone(edge, STRANGER), Phone(edge, TRUNK)
        for _ in range(20):
            stranger.send(stranger.request("REGISTER", f"sip:{EDGE}"))
            trunk.send(trunk.request("OPTIONS", f"sip:{EDGE}"))
        for _ in range(20):
            trunk.expect(200)
        for _ in range(3):
            stranger.expect(401)
        stranger.silence()


def test_a_trunk_with_a_password_must_show_it(edge: Edge) -> None:
    zygote, police = edge.zygote(), Phone(edge, DIGEST_TRUNK, user="police")
    sent = police.invite()
    challenge = police.expect(407)
    police.refused(sent, challenge)
    police.send(police.with_password(sent, challenge, "trunk-geheim"))
    job = zygote.fork().job
    assert (job.facts["trunk"], job.facts["partner"]) == ("110", "110")


def test_health_is_told_to_trunks(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK)
    trunk.send(trunk.request("OPTIONS", f"sip:{EDGE}:{edge.port}"))
    trunk.expect(503)
    edge.zygote()
    trunk.send(trunk.request("OPTIONS", f"sip:{EDGE}:{edge.port}"))
    trunk.expect(200)


def test_keep_alives_and_noise_are_no_messages(edge: Edge) -> None:
    edge.zygote()
    trunk, stream = Phone(edge, TRUNK), Phone(edge, TRUNK, tcp=True)
    for noise in (b"\r\n\r\n", b"\0\0\0\0", b"hello", bytes(range(256)), b"\r\n", b"SIP/2.0 200"):
        trunk.send(noise)
    stream.send(b"\r\n\r\n")
    assert stream.socket.recv(10) == b"\r\n"
    for phone in (trunk, stream):
        phone.send(phone.request("OPTIONS", f"sip:{EDGE}:{edge.port}"))
        phone.expect(200)


def test_a_second_edge_says_that_one_is_running(edge: Edge) -> None:
    command = [sys.executable, "-m", "hotline.edge", "--config", str(edge.config)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert "already running" in second.stderr


def test_a_port_in_use_is_named() -> None:
    with running_edge() as first, pytest.raises(AssertionError, match=f"cannot listen.*{first.port}"):
        with running_edge(edge__listen={"host": EDGE, "udp_port": first.port}):
            pass


@pytest.mark.parametrize("form", ["sip:crew@[2001:db8::1]:{port}", "sip:crew@[::1]:{port}",
                                  "sips:crew@127.0.0.4:{port}", "sip:crew@127.0.0.4:{port};transport=tls"])
def test_what_this_edge_cannot_reach_is_said_at_once(form: str) -> None:
    """No IPv6, no TLS: the next crew is tried without waiting, and nothing goes in the clear."""
    with running_edge() as edge:
        worker, crew = Worker(edge, "page-1", purpose="page"), Phone(edge, STRANGER)
        worker.dial(form.format(port=crew.port))
        worker.expect(480)
        crew.silence()
