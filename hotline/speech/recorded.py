"""Prompts that somebody recorded: they win over synthesised ones. `recordings/README.md` tells how.

`index.yaml` in the folder says which text is in which file; a file may also be named after
its text's key, `<key>.wav`, as `hotline prompts list` prints it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from hotline.errors import ConfigurationError, Fault
from hotline.speech import audio
from hotline.yamlfile import YamlFile

INDEX = "index.yaml"
KEY_LENGTH = 12
HOLD_MUSIC = "hold_music"
APOLOGY = "apology"
NAMED = (HOLD_MUSIC, APOLOGY)
"""Files with a name of their own: they belong to no text of a flow."""


def normalised(text: str) -> str:
    """White space and line breaks of YAML do not make another prompt."""
    return re.sub(r"\s+", " ", text).strip()


def key_of(text: str) -> str:
    """The file name for a recording of this text, without `.wav`."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()[:KEY_LENGTH]


class Recordings:
    """What is recorded, by text."""

    def __init__(self, files: dict[str, Path] | None = None) -> None:
        """`files`: key of a text, or one of `NAMED` → WAV file."""
        self._files = files or {}

    def find(self, text: str) -> Path | None:
        return self._files.get(key_of(text))

    def named(self, name: str) -> Path | None:
        return self._files.get(name)

    def __len__(self) -> int:
        return len(self._files)


def load_recordings(folder: Path) -> Recordings:
    """Everything usable in the folder; no folder is no recordings. Raises ConfigurationError."""
    if not folder.is_dir():
        return Recordings()
    indexed, faults = _indexed(folder)
    files = {**_by_name(folder), **indexed}
    for path in files.values():
        faults += _faults(path)
    if faults:
        raise ConfigurationError(faults)
    return Recordings(files)


def _by_name(folder: Path) -> dict[str, Path]:
    return {
        file.stem: file
        for file in sorted(folder.glob("*.wav"))
        if file.stem in NAMED or re.fullmatch(rf"[0-9a-f]{{{KEY_LENGTH}}}", file.stem)
    }


def _indexed(folder: Path) -> tuple[dict[str, Path], list[Fault]]:
    path = folder / INDEX
    if not path.exists():
        return {}, []
    source = YamlFile(path)
    if source.content is None:
        return {}, []
    if not isinstance(source.content, dict):
        return {}, [Fault(path, 1, "", "write one line for each prompt: `text: file.wav`")]
    files: dict[str, Path] = {}
    faults: list[Fault] = []
    for text, name in source.content.items():
        if not _inside(folder, name):
            faults.append(source.fault([text], f"must be the name of a WAV file in {folder}"))
        elif not (folder / name).is_file():
            faults.append(source.fault([text], f"no such file: {name}; record it or remove the line"))
        else:
            files[text if text in NAMED else key_of(str(text))] = folder / name
    return files, faults


def _inside(folder: Path, name: object) -> bool:
    return isinstance(name, str) and (folder / name).resolve().is_relative_to(folder.resolve())


def _faults(path: Path) -> list[Fault]:
    try:
        audio.read_wav(path)
    except (audio.AudioFileError, OSError) as error:
        return [Fault(path, 0, "", f"{error}; save it as PCM WAV, 8 to 48 kHz, 16 bit, mono")]
    return []
