"""The second engine, as far as it goes without sound; the contract tests hear with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.settings import Speech
from hotline.speech import sherpa_engine
from hotline.speech.engines import decoder_maker, load_model, recogniser_for
from hotline.speech.recogniser import Deaf
from hotline.speech.sherpa_engine import SherpaRecogniser, hot_words, missing_parts
from hotline.speech.vosk_engine import SpeechModelError, VoskDecoder, VoskRecogniser
from tests.support.tiny_transducer import FOLDER

VOSK = Path(__file__).parents[3] / "models" / "vosk-demo-gas-zh"


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    assert missing_parts(FOLDER) == []
    (tmp_path / "encoder-epoch-9.onnx").touch()
    assert missing_parts(tmp_path) == ["decoder*.onnx", "joiner*.onnx", "tokens.txt"]
    with pytest.raises(SpeechModelError, match="lacks"):
        load_model(Speech(engine="sherpa", model=tmp_path))


def test_hot_words_are_those_of_the_trade_or_the_operators() -> None:
    assert "漏气" in hot_words(Speech()) and hot_words(Speech(hot_words=("卧龙路",))) == ("卧龙路",)
    assert hot_words(Speech(hot_words=())) == ()


def test_a_configuration_gets_its_engine() -> None:
    sherpa = Speech(engine="sherpa", model=FOLDER)
    assert isinstance(recogniser_for(load_model(sherpa), sherpa), SherpaRecogniser)
    vosk = Speech(engine="vosk", model=VOSK)
    assert isinstance(recogniser_for(load_model(vosk), vosk), VoskRecogniser)
    for nothing in (Speech(engine="none", model=VOSK), Speech(engine="sherpa"), Speech()):
        assert isinstance(recogniser_for(load_model(nothing), nothing), Deaf)


def test_a_folder_tells_its_engine() -> None:
    assert isinstance(decoder_maker(VOSK)(), VoskDecoder)
    assert isinstance(decoder_maker(FOLDER)(), sherpa_engine.SherpaDecoder)


def test_a_broken_model_is_an_error_and_never_the_end_of_the_process(tmp_path: Path) -> None:
    """The engine itself ends the process on what it cannot read."""
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "joiner.onnx").write_bytes(b"no model")
    with pytest.raises(SpeechModelError, match="broken"):
        load_model(Speech(engine="sherpa", model=tmp_path))


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sherpa_engine, "find_spec", lambda name: None)
    with pytest.raises(SpeechModelError, match=r"gas-hotline\[sherpa\]"):
        load_model(Speech(engine="sherpa", model=FOLDER))


def test_a_line_with_vosk_never_imports_it() -> None:
    program = (
        "import sys; from pathlib import Path; from hotline.settings import Speech;"
        "from hotline.speech.engines import load_model, recogniser_for;"
        f"s = Speech(model=Path({str(VOSK)!r})); recogniser_for(load_model(s), s);"
        "sys.exit('sherpa_onnx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_workers_forked_from_a_loaded_model_hear_like_it() -> None:
    program = (
        "import os, sys; from pathlib import Path; from hotline.demo.voices import synthesise;"
        "from hotline.speech.evaluation import hear;"
        "from hotline.speech.sherpa_engine import SherpaDecoder, SherpaModel;"
        f"model = SherpaModel(Path({str(FOLDER)!r}), ('煤气味',));"
        "pcm = synthesise('楼道里有很浓的煤气味', 'f4', lead_ms=500, tail_ms=800);"
        "before = hear(SherpaDecoder(model), pcm); child = os.fork();"
        "same = bool(before) and hear(SherpaDecoder(model), pcm) == before;"
        "child or os._exit(not same);"
        "sys.exit(not same or os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0
