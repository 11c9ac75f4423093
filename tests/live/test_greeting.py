"""The greetings as callers hear them: at most five seconds in the shipped voice."""

from __future__ import annotations

from pathlib import Path

from hotline.flow import load_flows
from hotline.settings_file import load_settings
from hotline.speech.prompts import PromptStore
from hotline.speech.tts import synthesiser_for

ROOT = Path(__file__).parents[2]


def test_the_shipped_greetings_take_at_most_five_seconds(tmp_path: Path) -> None:
    settings = load_settings(ROOT / "config" / "hotline.yaml")
    store = PromptStore(tmp_path, synthesiser_for(settings.tts), settings.tts.level_dbfs)
    flows = load_flows(ROOT / "ivr_flows", store.seconds, {"company": settings.company})
    assert flows.common.defaults.greeting_seconds <= 5
