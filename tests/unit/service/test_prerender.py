"""What the flows say is rendered before the first caller hears it."""

from __future__ import annotations

from pathlib import Path

from hotline.flow import load_flows
from hotline.flow.commands import Segment
from hotline.flow.model import FlowSet
from hotline.service.prerender import (
    UNKNOWN,
    every_segment,
    fixed_segments,
    prerender,
    render_before_calls,
)
from hotline.settings_file import load_settings
from hotline.speech import audio
from hotline.speech.prompts import PromptStore
from tests.support.incidents import TYPES

FLOWS = Path(__file__).parents[3] / "ivr_flows"
KNOWN = {"company": "利民燃气", "service_number": "96900"}


def flows() -> FlowSet:
    return load_flows(FLOWS)


class Voice:
    key = "voice"

    def synthesise(self, text: str) -> audio.Sound:
        return audio.from_pcm(b"\x00\x10\x00\xf0" * 80, 8000)


def test_the_greeting_is_known_beforehand_with_the_companys_name() -> None:
    texts = [segment.text for segment in fixed_segments(flows(), KNOWN)]
    assert any("您好" in text and "利民燃气" in text for text in texts)


def test_callers_words_are_not() -> None:
    segments = fixed_segments(flows(), KNOWN)
    assert len(segments) == len(set(segments)) > 50
    assert all(UNKNOWN not in segment.text and "{" not in segment.text for segment in segments)


def test_every_word_for_a_hazard_is_said_beforehand() -> None:
    common = flows().common
    spoken = "".join(segment.text for segment in fixed_segments(flows(), KNOWN))
    assert all(word in spoken for word in common.words["hazard"].values())


def test_the_questions_of_every_protocol_are_said_beforehand() -> None:
    settings = load_settings(FLOWS.parent / "config" / "hotline.yaml", [])
    texts = [segment.text for segment in every_segment(settings, flows())]
    asked = [question for kind in TYPES.types for question in kind.ask]
    for text in (said for one in asked for said in (one.text, one.if_yes, one.if_no) if said):
        assert texts.count(text) == 1


def test_it_is_rendered_once_with_progress(tmp_path: Path) -> None:
    store = PromptStore(tmp_path, Voice(), -18)
    segments = [Segment("一。"), Segment("二。"), Segment("501", "digits")]
    steps: list[tuple[int, int]] = []
    assert prerender(store, segments, lambda done, total: steps.append((done, total))) == 3
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert prerender(store, segments) == 0
    assert store.hold_music().exists() and store.find(segments)


def test_a_service_is_ready_to_speak_whatever_is_wrong_with_its_folders(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("not a folder")
    config = FLOWS.parent / "config" / "hotline.yaml"
    settings = load_settings(config, [f"paths.state={state}"])
    store = render_before_calls(settings, flows())
    assert store.render([Segment("您好。")]) == [store.apology()]
