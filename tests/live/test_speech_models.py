"""`hotline model` against a real HTTP server on loopback, good, bad and hostile."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hotline.cli import main
from hotline.errors import HotlineError
from hotline.speech import catalogue, unpack
from hotline.speech.catalogue import ModelInstallError
from hotline.speech.vosk_engine import SpeechModelError, load_model, missing_files

MODEL = Path(__file__).parents[2] / "models" / "vosk-demo-gas-zh"
NAME = "vosk-model-test-cn-0.1"


def model_zip(top: str = f"{NAME}/", leave_out: str = "", spoil: str = "") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(MODEL.rglob("*")):
            name = str(file.relative_to(MODEL))
            if file.is_file() and file.suffix != ".xz" and not (leave_out and name.startswith(leave_out)):
                out.writestr(top + name, b"spoilt" * 500 if name == spoil else file.read_bytes())
    return packed.getvalue()


@dataclass
class Publisher:
    """What the server gives, and how badly."""

    archive: bytes = b""
    md5: str = ""
    cut_after: int | None = None
    """The first answer ends after so many bytes."""
    ranges: list[str] = field(default_factory=list)
    url: str = ""
    list_text: bytes | None = None

    def model_list(self) -> bytes:
        if self.list_text is not None:
            return self.list_text
        md5 = self.md5 or hashlib.md5(self.archive).hexdigest()
        good = {
            "lang": "cn", "lang_text": "Chinese", "md5": md5, "name": NAME, "obsolete": "false",
            "size": len(self.archive), "size_text": "3MiB", "type": "small",
            "url": f"{self.url}/{NAME}.zip", "version": "0.1",
        }
        return json.dumps([good, {"name": "../evil", "url": "x", "md5": "y"}]).encode()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    told = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("model-list.json"):
                self.give(told.model_list(), 0)
            elif self.path.endswith(f"{NAME}.zip"):
                asked = self.headers.get("Range", "")
                told.ranges.append(asked)
                self.give(told.archive, int(asked[6:-1]) if asked else 0)
            else:
                self.send_error(404)

        def give(self, content: bytes, start: int) -> None:
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if content is told.archive and told.cut_after:
                content, told.cut_after = content[: told.cut_after], None
            self.wfile.write(content[start:])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


Run = Callable[..., str]


@pytest.fixture
def run(publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`hotline model …`; returns what it printed; raises what main would say."""

    def command(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["model", *words, "--to", str(tmp_path / "models"), "--url", publisher.url])
        said = capsys.readouterr()
        if ended.value.code:
            raise HotlineError(said.err)
        return said.out

    return command


def test_a_published_model_is_fetched_verified_tried_and_named_for_the_configuration(
    publisher: Publisher, run: Run, tmp_path: Path
) -> None:
    publisher.archive = model_zip()
    said = run("install", NAME)
    place = tmp_path / "models" / NAME
    assert "the publisher's MD5" in said and f"speech:\n  model: {place}" in said
    assert missing_files(place) == [] and load_model(place) is not None
    assert [path.name for path in place.parent.iterdir()] == [NAME], "nothing else is left"


def test_json_says_the_same(publisher: Publisher, run: Run, tmp_path: Path) -> None:
    publisher.archive = model_zip()
    assert json.loads(run("install", NAME, "--json"))["model"] == str(tmp_path / "models" / NAME)


def test_an_interrupted_download_goes_on_where_it_was(publisher: Publisher, run: Run) -> None:
    publisher.archive = model_zip()
    publisher.cut_after = 300_000
    run("install", NAME)
    assert publisher.ranges == ["", "bytes=300000-"]


@pytest.mark.parametrize(
    ("archive", "md5", "says"),
    [
        (model_zip(), "0" * 32, "wrong or damaged"),
        (model_zip()[:-5000], "", "cannot be unpacked"),
        (b"<html>not found</html>", "", "cannot be unpacked"),
        (model_zip(leave_out="am/"), "", "lacks am/final.mdl"),
        (model_zip(spoil="am/final.mdl"), "", "no usable Vosk model"),
        (model_zip(spoil="graph/HCLr.fst"), "", "no usable Vosk model"),
    ],
    ids=["checksum", "truncated", "html", "no model", "broken net", "broken graph"],
)
def test_what_is_no_good_model_changes_nothing(
    publisher: Publisher, run: Run, tmp_path: Path, archive: bytes, md5: str, says: str
) -> None:
    publisher.archive, publisher.md5 = archive, md5
    with pytest.raises(HotlineError, match=says):
        run("install", NAME)
    left = [path.name for path in (tmp_path / "models").iterdir() if not path.name.endswith(".part")]
    assert left == []


def test_the_operators_checksum_wins(publisher: Publisher, run: Run) -> None:
    publisher.archive, publisher.md5 = model_zip(), "0" * 32
    with pytest.raises(HotlineError, match="sha256"):
        run("install", NAME, "--sha256", "f" * 64)
    assert "your SHA-256" in run("install", NAME, "--sha256", hashlib.sha256(publisher.archive).hexdigest())


def test_a_file_that_is_here_needs_no_internet(run: Run, tmp_path: Path, publisher: Publisher) -> None:
    publisher.url = "http://127.0.0.1:9"
    archive = tmp_path / "carried.zip"
    archive.write_bytes(model_zip(top=""))
    said = run("install", NAME, "--from", str(archive))
    assert "not verified" in said and hashlib.sha256(archive.read_bytes()).hexdigest() in said
    assert archive.exists()


def test_what_is_there_stays_unless_replaced(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "carried.zip"
    archive.write_bytes(model_zip())
    run("install", NAME, "--from", str(archive))
    marker = tmp_path / "models" / NAME / "mine"
    marker.touch()
    with pytest.raises(HotlineError, match="there already"):
        run("install", NAME, "--from", str(archive))
    assert marker.exists()
    run("install", NAME, "--from", str(archive), "--replace")
    assert not marker.exists()


@pytest.mark.parametrize("name", ["nobody-knows-it", "../evil", "a/b", ""])
def test_unknown_and_impossible_names_are_refused(publisher: Publisher, run: Run, name: str) -> None:
    with pytest.raises(HotlineError, match=r"no model is called|cannot be a model's name"):
        run("install", name)


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"not json", b'["' + b"x" * 100])
def test_a_strange_list_is_an_error_with_the_way_out(publisher: Publisher, run: Run, text: bytes) -> None:
    publisher.list_text = text
    with pytest.raises(HotlineError, match="no list of models"):
        run("install", NAME)


def test_no_server_is_an_error_with_the_way_out() -> None:
    with pytest.raises(ModelInstallError):
        catalogue.offer_named(NAME, "http://127.0.0.1:9")
    assert "--from" in (ModelInstallError.__doc__ or "")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_the_web_is_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelInstallError, match="only http"):
        catalogue.download(url, tmp_path / "x", lambda done, total: None)


def test_the_list_shows_what_is_installed_and_what_is_offered(publisher: Publisher, run: Run) -> None:
    publisher.archive = model_zip()
    run("install", NAME)
    rows = json.loads(run("list", "--json"))
    assert [row["name"] for row in rows] == [NAME, NAME]


def hostile(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        out.writestr(entry, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (hostile("../../evil"), "leaves its folder"),
        (hostile("/etc/evil"), "leaves its folder"),
        (hostile("a\\..\\..\\evil"), "leaves its folder"),
        (hostile("am", b"/etc", stat.S_IFLNK | 0o777), "leaves its folder"),
        (hostile("bomb", bytes(50 << 20)), "no speech model"),
    ],
    ids=["dots", "absolute", "backslashes", "symlink", "bomb"],
)
def test_a_hostile_archive_writes_nothing(tmp_path: Path, archive: bytes, says: str) -> None:
    path = tmp_path / "inside" / "evil.zip"
    path.parent.mkdir()
    path.write_bytes(archive)
    with pytest.raises(ModelInstallError, match=says):
        unpack.install(path, NAME, tmp_path / "inside" / "models", progress=lambda done, total: None)
    assert {file.name for file in tmp_path.rglob("*")} == {"inside", "evil.zip", "models"}


def test_a_lying_size_is_not_believed(tmp_path: Path) -> None:
    archive = bytearray(hostile("am/final.mdl", b"y" * 100_000))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = archive.find(signature) + at
        archive[place : place + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "liar.zip"
    path.write_bytes(archive)
    with pytest.raises(ModelInstallError):
        unpack.install(path, NAME, tmp_path / "models", progress=lambda done, total: None)
    assert not list((tmp_path / "models").iterdir())


@pytest.mark.parametrize("spoil", ["am/final.mdl", "graph/Gr.fst", "graph/words.txt", "conf/model.conf"])
def test_a_broken_model_is_an_error_and_never_the_end_of_the_process(tmp_path: Path, spoil: str) -> None:
    with zipfile.ZipFile(io.BytesIO(model_zip(top="", spoil=spoil))) as packed:
        packed.extractall(tmp_path)
    with pytest.raises(SpeechModelError, match="broken"):
        load_model(tmp_path)


def test_no_model_is_a_line_without_ears_and_a_missing_one_an_error(tmp_path: Path) -> None:
    assert load_model(None) is None
    with pytest.raises(SpeechModelError, match="no such folder"):
        load_model(tmp_path / "gone")
    with pytest.raises(SpeechModelError, match="lacks"):
        load_model(tmp_path)


def test_check_says_usable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["model", "check", str(MODEL)])
    assert not ended.value.code and "usable" in capsys.readouterr().out
