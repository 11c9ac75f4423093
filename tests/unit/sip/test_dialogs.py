import pytest

from hotline.sip.dialogs import DialogNotes, header, uri_of, user_of

INVITE = (
    "INVITE sip:962677@10.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n"
    "Record-Route: <sip:10.0.0.1:5060;lr>,\r\n  <sip:10.9.9.9;lr>\r\n"
    "Record-Route: <sip:10.8.8.8;lr>\r\n"
    'f: "Wang, Wu" <sip:13800000000@10.0.0.2>;tag=theirs\r\n'
    "t: <sip:962677@10.0.0.1>\r\n"
    "i: abc@10.0.0.2\r\n"
    "CSeq: 1 INVITE\r\n"
    "m: <sip:13800000000@10.0.0.2:5070;transport=udp>\r\n"
    "X-Hotline-Call: call-7\r\n"
    "\r\nv=0\r\nFrom: <sip:not@a.header>\r\n"
)
ANSWER = (
    "SIP/2.0 200 OK\r\n"
    "Record-Route: <sip:10.0.0.1:5060;lr>\r\n"
    "Record-Route: <sip:10.9.9.9;lr>\r\n"
    "From: <sip:13800000000@10.0.0.2>;tag=theirs\r\n"
    "To: <sip:962677@10.0.0.1>;tag=ours\r\n"
    "Call-ID: abc@10.0.0.2\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:962677@127.0.0.1:20001>\r\n\r\n"
)


def test_dialog_of_an_answered_call() -> None:
    notes = DialogNotes(outbound=False)
    notes.saw(INVITE)
    assert notes.dialog() is None
    notes.saw(ANSWER.replace("1 INVITE", "2 INFO"))
    assert notes.dialog() is None
    notes.saw(ANSWER)
    dialog = notes.dialog()
    assert dialog is not None
    assert (dialog.sip_call_id, dialog.local_tag, dialog.remote_tag) == ("abc@10.0.0.2", "ours", "theirs")
    assert dialog.local_uri == "sip:962677@10.0.0.1"
    assert dialog.remote_uri == "sip:13800000000@10.0.0.2"
    assert dialog.remote_target == "sip:13800000000@10.0.0.2:5070;transport=udp"
    assert dialog.route_set == ("<sip:10.0.0.1:5060;lr>", "<sip:10.9.9.9;lr>", "<sip:10.8.8.8;lr>")


def test_dialog_of_a_dialled_call_has_its_routes_the_other_way_round() -> None:
    notes = DialogNotes(outbound=True)
    notes.saw(INVITE)
    notes.saw(ANSWER)
    dialog = notes.dialog()
    assert dialog is not None
    assert (dialog.local_tag, dialog.remote_tag) == ("theirs", "ours")
    assert dialog.remote_target == "sip:962677@127.0.0.1:20001"
    assert dialog.route_set == ("<sip:10.9.9.9;lr>", "<sip:10.0.0.1:5060;lr>")


def test_headers() -> None:
    assert header(INVITE, "X-Hotline-Call") == "call-7"
    assert header(INVITE, "from").startswith('"Wang, Wu"')
    assert header(INVITE, "none") == ""
    assert header("", "from") == ""


@pytest.mark.parametrize(
    ("value", "uri", "user"),
    [
        ("<sip:1380@h>;tag=1", "sip:1380@h", "1380"),
        ("sip:1380@h;tag=1", "sip:1380@h", "1380"),
        ('"a" <sip:1380;phone-context=x@h>', "sip:1380;phone-context=x@h", "1380"),
        ("<sip:u:secret@h>", "sip:u:secret@h", "u"),
        ("<tel:+8613800000000;x=1>", "tel:+8613800000000;x=1", "+8613800000000"),
        ("<sip:h>", "sip:h", ""),
        ("", "", ""),
    ],
)
def test_uri_and_user(value: str, uri: str, user: str) -> None:
    assert (uri_of(value), user_of(uri_of(value))) == (uri, user)
