"""A prompt is always something that can be played, whatever breaks."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from hotline.settings import Paths, TextToSpeech
from hotline.speech import audio
from hotline.speech.prompts import (
    APOLOGY_FILE,
    SPOKEN_FOLDER,
    PromptStore,
    WorkerPrompts,
    prompt_store,
    prompt_store_anyway,
)
from hotline.speech.readings import Words
from hotline.speech.recorded import Recordings, key_of, load_recordings
from hotline.speech.tts import Espeak, SynthesisError
from tests.support.speech import Calls

GREETING = Words("您好，请讲。")


class Voice:
    """Counts what it is asked to say; its texts sound as long as they are."""

    key = "voice"

    def __init__(self, broken: bool = False) -> None:
        self.asked: list[str] = []
        self.broken = broken

    def synthesise(self, text: str) -> audio.Sound:
        self.asked.append(text)
        if self.broken:
            raise SynthesisError("no voice today")
        return audio.from_pcm(b"\x00\x10\x00\xf0" * 800 * len(text), 16000)


def store(tmp_path: Path, voice: Voice | None = None, recordings: Recordings | None = None) -> PromptStore:
    return PromptStore(tmp_path / "cache", voice or Voice(), -18, recordings)


def test_every_piece_is_a_playable_file_in_order(tmp_path: Path) -> None:
    voice = Voice()
    files = store(tmp_path, voice).render([GREETING, Words("501", "digits"), Words("，对吗？")])
    assert len(files) == 3 and all(audio.is_playable(file) for file in files)
    assert voice.asked == ["您好，请讲。", "五零幺", "，对吗？"]


def test_it_is_rendered_once_for_all_processes(tmp_path: Path) -> None:
    voice = Voice()
    assert store(tmp_path, voice).render([GREETING]) == store(tmp_path, voice).render([GREETING])
    assert len(voice.asked) == 1


def test_what_is_not_there_is_not_found_and_what_is_there_is(tmp_path: Path) -> None:
    one = store(tmp_path)
    assert one.find([GREETING, Words("再见。")]) is None
    rendered = one.render([GREETING, Words("再见。")])
    assert one.find([GREETING, Words("再见。")]) == rendered


def test_line_breaks_of_yaml_make_no_other_prompt(tmp_path: Path) -> None:
    one = store(tmp_path)
    assert one.render([Words("您好，\n 请讲。 ")]) == one.render([Words("您好， 请讲。")])


def test_pieces_without_a_word_are_left_out(tmp_path: Path) -> None:
    assert store(tmp_path).render([Words(""), Words("，"), Words(" 。")]) == []


def test_another_voice_or_reading_is_another_file(tmp_path: Path) -> None:
    one = store(tmp_path)
    digits, number = one.render([Words("110", "digits"), Words("110", "number")])
    other = PromptStore(tmp_path / "cache", Espeak("cmn+f2"), -18)
    assert len({digits, number, *other.render([Words("110", "digits")])}) == 3


def test_a_broken_voice_is_replaced_by_the_built_in_one(tmp_path: Path) -> None:
    voice = Voice(broken=True)
    files = store(tmp_path, voice).render([GREETING])
    assert voice.asked and audio.is_playable(files[0]) and files[0] != APOLOGY_FILE


def test_a_mended_voice_is_used_again_at_the_next_rendering(tmp_path: Path) -> None:
    one = store(tmp_path, Voice(broken=True))
    fallback = one.render([GREETING])
    assert one.find([GREETING]) == fallback and one.missing([GREETING]) == [GREETING]
    mended = store(tmp_path)
    mended.render([GREETING], keep=True)
    assert mended.find([GREETING]) != fallback and mended.missing([GREETING]) == []


def test_with_no_voice_and_no_disk_the_caller_hears_the_apology(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    one = store(tmp_path, Voice(broken=True))
    assert one.render([GREETING]) == [APOLOGY_FILE]
    assert one.hold_music() == APOLOGY_FILE
    assert audio.is_playable(APOLOGY_FILE) and audio.seconds(APOLOGY_FILE) > 2


def test_callers_words_are_erased_and_fixed_texts_stay(tmp_path: Path) -> None:
    one = store(tmp_path)
    fixed = one.render([GREETING], keep=True)[0]
    spoken = one.render([Words("13800138000", "phone")])[0]
    assert spoken.parent.name == SPOKEN_FOLDER
    torn = tmp_path / "cache" / ".torn.part"
    torn.write_bytes(b"")
    for path in (fixed, spoken, torn):
        os.utime(path, (1000, 1000))
    assert one.prune(3600, now=10_000) == 2
    assert fixed.exists() and not spoken.exists() and not torn.exists()


def recording(folder: Path, name: str, seconds: float = 1.5) -> Path:
    folder.mkdir(exist_ok=True)
    audio.save(audio.from_pcm(b"\x00\x10\x00\xf0" * round(11025 * seconds), 22050), folder / name)
    return folder / name


@pytest.mark.parametrize("by", ["index", "name"])
def test_a_recording_wins(tmp_path: Path, by: str) -> None:
    folder = tmp_path / "prompts"
    if by == "index":
        recording(folder, "greeting.wav")
        (folder / "index.yaml").write_text("您好，请讲。: greeting.wav\n")
    else:
        recording(folder, f"{key_of(GREETING.text)}.wav")
    voice = Voice()
    one = store(tmp_path, voice, load_recordings(folder))
    files = one.render([GREETING])
    assert not voice.asked and audio.is_playable(files[0]) and abs(audio.seconds(files[0]) - 1.5) < 0.01
    assert one.is_recorded(GREETING) and one.find([GREETING]) == files


def test_a_changed_recording_is_heard(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    path = recording(folder, f"{key_of(GREETING.text)}.wav")
    first = store(tmp_path, recordings=load_recordings(folder)).render([GREETING])
    recording(folder, path.name, 3.0)
    second = store(tmp_path, recordings=load_recordings(folder)).render([GREETING])
    assert audio.seconds(first[0]) < audio.seconds(second[0])


def test_a_recording_that_breaks_while_in_service_is_spoken_instead(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    path = recording(folder, f"{key_of(GREETING.text)}.wav")
    voice = Voice()
    one = store(tmp_path, voice, load_recordings(folder))
    path.write_bytes(b"torn")
    assert audio.is_playable(one.render([GREETING])[0]) and voice.asked


def test_music_and_apology_of_ones_own(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    recording(folder, "hold_music.wav", 4)
    recording(folder, "apology.wav", 2)
    one = store(tmp_path, recordings=load_recordings(folder))
    one.ensure_assets()
    assert abs(audio.seconds(one.hold_music()) - 4) < 0.01
    assert abs(audio.seconds(one.apology()) - 2) < 0.01


def test_every_fault_of_the_recordings_is_named_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    recording(folder, "good.wav")
    (folder / "bad.wav").write_bytes(b"ID3")
    index = ("一: good.wav", "二: gone.wav", "三: ../../etc/passwd", "四: bad.wav", "五: 7", "")
    (folder / "index.yaml").write_text("\n".join(index))
    with pytest.raises(ConfigurationError) as caught:
        load_recordings(folder)
    said = str(caught.value)
    assert "index.yaml:2: 二: no such file: gone.wav" in said
    assert "index.yaml:3: 三" in said and "index.yaml:5: 五" in said and "bad.wav: not a PCM WAV file" in said
    assert len(caught.value.faults) == 4


def test_no_folder_and_an_empty_index_are_no_recordings(tmp_path: Path) -> None:
    assert len(load_recordings(tmp_path / "nowhere")) == 0
    (tmp_path / "index.yaml").write_text("")
    assert len(load_recordings(tmp_path)) == 0


def test_a_service_starts_although_recordings_are_bad(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "index.yaml").write_text("- list\n")
    paths = Paths(
        run=tmp_path, state=tmp_path / "state", recordings=tmp_path, flows=tmp_path, prompts=folder
    )
    with pytest.raises(ConfigurationError):
        prompt_store(paths, TextToSpeech())
    assert audio.is_playable(prompt_store_anyway(paths, TextToSpeech()).render([GREETING])[0])


class Reactor(Calls):
    """Notes in which thread prompts are done."""

    def prepared(self, prompts: WorkerPrompts, segments: Sequence[Words]) -> list[Path]:
        done: list[Sequence[Path]] = []
        prompts.prepare(segments, done.append)
        self.run_until(lambda: bool(done))
        assert len(done) == 1
        return list(done[0])


def test_a_cached_prompt_is_there_at_once_and_needs_no_thread(tmp_path: Path) -> None:
    one = store(tmp_path)
    files = one.render([GREETING])
    before = threading.active_count()
    done: list[Sequence[Path]] = []
    WorkerPrompts(one, Calls()).prepare([GREETING], done.append)
    assert done == [files] and threading.active_count() == before


def test_others_are_rendered_aside_in_the_order_asked(tmp_path: Path) -> None:
    voice, calls = Voice(), Reactor()
    prompts = WorkerPrompts(store(tmp_path, voice), calls)
    order: list[str] = []
    prompts.prepare([GREETING], lambda files: order.append("first"))
    prompts.prepare([Words("再见。")], lambda files: order.append("second"))
    assert order == [], "nothing comes before the reactor runs it"
    calls.run_until(lambda: len(order) == 2)
    assert order == ["first", "second"] and voice.asked == ["您好，请讲。", "再见。"]


def test_a_store_that_breaks_gives_the_apology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = store(tmp_path)

    def broken(*_: object, **__: object) -> list[Path]:
        raise RuntimeError("a bug")

    monkeypatch.setattr(one, "render", broken)
    calls = Reactor()
    assert calls.prepared(WorkerPrompts(one, calls), [GREETING]) == [APOLOGY_FILE]
