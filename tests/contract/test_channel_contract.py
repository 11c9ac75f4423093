"""What every channel owes, tried against peers that verify signatures and keep the real rates."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline.paging.channel import Channel, Delivered, Message, Permanent, Temporary
from hotline.paging.http import HttpClient
from hotline.paging.mail import Mail
from hotline.paging.robots import DingtalkRobot, FeishuRobot, WecomRobot
from hotline.paging.signed import SignedHttp
from tests.support.paging_peers import DingtalkPeer, FeishuPeer, Peer, SignedPeer, WecomPeer, answer, serving
from tests.support.reactors import own_reactor, process_reactor, run
from tests.support.smtp_peer import SmtpPeer, mail_server

TEXT = "【派单】利州东路10号\"<at user_id=\"all\">\\n；报警人 13900001111"
MESSAGE = Message(key="I-GS-20261123-0001-P001", to="", subject="派单", text=TEXT, urgent=True)
KINDS = ("wecom", "dingtalk", "feishu", "http")


def utcnow() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def reactor() -> Iterator[Any]:
    with own_reactor() as own:
        yield own


@dataclass
class Rig:
    """A channel and its other end; `make(**wrong)` makes another that has something wrong."""

    peer: Any
    make: Callable[..., Channel]

    def texts(self) -> list[str]:
        found = []
        for document in self.peer.delivered:
            inner = document.get("text", document.get("content", {}))
            found.append(inner if isinstance(inner, str) else inner.get("content", inner.get("text", "")))
        return found


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, reactor: Any) -> Iterator[Rig]:
    peers: dict[str, Peer] = {
        "wecom": WecomPeer(), "dingtalk": DingtalkPeer(), "feishu": FeishuPeer(), "http": SignedPeer()
    }
    kind, peer = request.param, peers[request.param]
    with ExitStack() as stack:
        stack.enter_context(serving(peer))

        def make(*, url: str = "", token: str | None = None, secret: str | None = None) -> Channel:
            http = HttpClient(reactor, timeout_seconds=2)
            stack.callback(lambda: http.close())
            given = url or peer.url
            right = getattr(peer, "token", getattr(peer, "key", ""))
            key_token = right if token is None else token
            signing = getattr(peer, "secret", "") if secret is None else secret
            if kind == "http":
                return SignedHttp("c", http, given, signing, reactor, utcnow)
            robots = {"wecom": WecomRobot, "dingtalk": DingtalkRobot, "feishu": FeishuRobot}
            return robots[kind]("c", http, given, key_token, signing, utcnow)

        yield Rig(peer, make)


def test_a_message_arrives_word_for_word(rig: Rig, reactor: Any) -> None:
    assert run(reactor, rig.make().send(MESSAGE)) == Delivered()
    (text,) = rig.texts()
    assert text.replace("〈", "<").replace("〉", ">") == TEXT


def test_a_wrong_secret_is_permanent(rig: Rig, reactor: Any) -> None:
    wrong = {"token": "wrong"} if isinstance(rig.peer, WecomPeer) else {"secret": "wrong"}
    outcome = run(reactor, rig.make(**wrong).send(MESSAGE))
    assert isinstance(outcome, Permanent)
    assert rig.peer.delivered == []


@pytest.mark.parametrize("fault", ["hang", "cut"])
def test_no_answer_is_temporary(rig: Rig, reactor: Any, fault: str) -> None:
    rig.peer.script += [fault] * 3
    assert isinstance(run(reactor, rig.make().send(MESSAGE)), Temporary)


def test_nobody_listening_is_temporary(rig: Rig, reactor: Any) -> None:
    assert isinstance(run(reactor, rig.make(url="http://127.0.0.1:9/x").send(MESSAGE)), Temporary)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_statuses_that_ask_to_come_back(rig: Rig, reactor: Any, status: int) -> None:
    rig.peer.script.append(answer({}, status, **{"Retry-After": "7"}))
    assert run(reactor, rig.make().send(MESSAGE)) == Temporary(f"HTTP {status}", 7.0)


@pytest.mark.parametrize("status", [301, 400, 403, 404, 410, 501])
def test_statuses_that_never_change(rig: Rig, reactor: Any, status: int) -> None:
    rig.peer.script.append(answer({}, status, Location="http://127.0.0.1:9/"))
    assert isinstance(run(reactor, rig.make().send(MESSAGE)), Permanent)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"errcode": "x"}', b"\xff\xfe" * 100_000])
def test_an_answer_that_nobody_understands_raises_nothing(rig: Rig, reactor: Any, body: bytes) -> None:
    rig.peer.script.append((200, {}, body))
    outcome = run(reactor, rig.make().send(MESSAGE))
    assert isinstance(outcome, Delivered if isinstance(rig.peer, SignedPeer) else Permanent)


def test_a_text_that_is_too_long_is_cut_and_arrives(rig: Rig, reactor: Any) -> None:
    outcome = run(reactor, rig.make().send(replace(MESSAGE, text="燃气" * 20_000)))
    assert outcome == Delivered()
    assert rig.texts()[0].endswith("…")


# ---- rates
@pytest.mark.parametrize(("kind", "count", "seconds"), [
    (WecomPeer, 20, 60.0), (DingtalkPeer, 20, 600.0), (FeishuPeer, 5, 60.0)
])
def test_too_often_is_temporary_for_as_long_as_it_lasts(
    reactor: Any, kind: Any, count: int, seconds: float
) -> None:
    with serving(kind(clock=lambda: 1000.0)) as peer:
        http = HttpClient(reactor)
        robots = {WecomPeer: WecomRobot, DingtalkPeer: DingtalkRobot, FeishuPeer: FeishuRobot}
        token = peer.key if kind is WecomPeer else peer.token
        robot = robots[kind]("c", http, peer.url, token, getattr(peer, "secret", ""), utcnow)
        for _ in range(count):
            assert run(reactor, robot.send(MESSAGE)) == Delivered()
        outcome = run(reactor, robot.send(MESSAGE))
        assert isinstance(outcome, Temporary)
        assert outcome.retry_after_seconds == seconds


# ---- the signed one
def test_a_lost_answer_is_asked_for_again_and_delivered_once(reactor: Any) -> None:
    with serving(SignedPeer()) as peer:
        peer.script += ["lost"]
        channel = SignedHttp("c", HttpClient(reactor), peer.url, "shared secret", reactor, utcnow)
        assert run(reactor, channel.send(MESSAGE)) == Delivered()
        assert (peer.requests, len(peer.delivered)) == (2, 1)


def test_a_gateways_own_words_for_yes_and_later(reactor: Any) -> None:
    with serving(SignedPeer()) as peer:
        channel = SignedHttp(
            "sms", HttpClient(reactor), peer.url, "shared secret", reactor, utcnow,
            body={"phone": "{to}", "content": "{text}", "out_id": "{key}"}, result_field="result",
            result_ok=("0",), result_later=("busy",), longest_characters=70,
        )
        peer.script += [answer({"result": "busy"}), answer({"result": "black list"})]
        to = replace(MESSAGE, to="+8613900001111", text="字" * 100)
        assert run(reactor, channel.send(to)) == Temporary("result busy")
        assert run(reactor, channel.send(to)) == Permanent("result black list")
        assert run(reactor, channel.send(to)) == Delivered()
        (sent,) = peer.delivered
        assert (sent["phone"], sent["out_id"], len(sent["content"])) == (to.to, to.key, 70)


# ---- mail
@pytest.fixture
def shared() -> Iterator[Any]:
    with process_reactor() as reactor:
        yield reactor


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[SmtpPeer]:
    with mail_server(tmp_path) as peer:
        yield peer


def mail_channel(shared: Any, peer: SmtpPeer, **wrong: Any) -> Mail:
    given: dict[str, Any] = {
        "host": "127.0.0.1", "port": peer.port, "sender": "hotline@example.org", "user": peer.user,
        "password": peer.password, "ca_file": peer.certificate.parent / "ca.pem", "timeout_seconds": 3,
    }
    return Mail("mail", shared, utcnow, **(given | wrong))


LETTER = replace(MESSAGE, to="duty@example.org,safety@example.org", subject="派单\r\nBcc: a@b",
                 text=f"{TEXT}\n.\n完")


def test_a_letter_arrives_encrypted_and_logged_in(mail: SmtpPeer, shared: Any) -> None:
    assert run(shared, mail_channel(shared, mail).send(LETTER)) == Delivered()
    assert mail.recipients == ["duty@example.org", "safety@example.org"]
    letter = email.message_from_bytes(mail.mails[0].replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
    assert letter["Subject"] == "派单 Bcc: a@b" and letter["Bcc"] is None
    assert letter["Message-ID"] == "<I-GS-20261123-0001-P001@example.org>"
    assert letter.get_content().replace("\r\n", "\n").strip() == LETTER.text


@pytest.mark.parametrize(("refusal", "kind"), [
    ("450 4.2.0 mailbox busy", Temporary), ("421 4.3.0 closing", Temporary),
    ("550 5.1.1 no such user", Permanent), ("552 5.2.2 full", Permanent),
])
def test_four_hundreds_are_temporary_and_five_hundreds_permanent(
    mail: SmtpPeer, shared: Any, refusal: str, kind: type
) -> None:
    mail.refusals += [refusal] * 2
    assert isinstance(run(shared, mail_channel(shared, mail).send(LETTER)), kind)


def test_a_wrong_password_is_permanent(mail: SmtpPeer, shared: Any) -> None:
    assert isinstance(run(shared, mail_channel(shared, mail, password="x").send(LETTER)), Permanent)


def test_no_password_is_told_to_a_server_that_nobody_vouches_for(mail: SmtpPeer, shared: Any) -> None:
    outcome = run(shared, mail_channel(shared, mail, ca_file=None).send(LETTER))
    assert isinstance(outcome, Temporary)
    assert mail.mails == [] and mail.plain_logins == 0


def test_no_mail_server_is_temporary(mail: SmtpPeer, shared: Any) -> None:
    assert isinstance(run(shared, mail_channel(shared, mail, port=9).send(LETTER)), Temporary)
