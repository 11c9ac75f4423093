"""What callers hear: every prompt as files that can be played, whatever goes wrong.

A prompt's pieces are looked for in this order: a recording, the cache, the configured
synthesiser, espeak-ng with its defaults, and last the apology that comes with the package.
Any number of processes may share the cache: files are complete or absent.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue

import structlog

from hotline.errors import ConfigurationError
from hotline.settings import Paths, TextToSpeech
from hotline.speech import audio, music
from hotline.speech.readings import Spoken, say
from hotline.speech.recogniser import CallFromThread
from hotline.speech.recorded import APOLOGY, HOLD_MUSIC, Recordings, load_recordings, normalised
from hotline.speech.tts import Espeak, Synthesiser, synthesiser_for

log = structlog.get_logger()

VERSION = 1
"""Of the processing after the synthesiser; raised when it changes, so that nothing old is played."""
APOLOGY_FILE = Path(__file__).with_name("assets") / "apology.wav"
PAUSES_MS = {**dict.fromkeys("。！？.!?", 350), "；": 250, "：": 200, "，": 180, "、": 120}
SHORT_PAUSE_MS = 60
SPOKEN_FOLDER = "spoken"
"""What was rendered during calls, callers' numbers and addresses among it: erased by `prune`."""


class PromptStore:
    """Renders prompts; its methods take milliseconds when cached and up to seconds otherwise."""

    def __init__(
        self, cache: Path, synthesiser: Synthesiser, level_dbfs: float, recordings: Recordings | None = None
    ) -> None:
        self._cache = cache
        self._level_dbfs = level_dbfs
        self._recordings = recordings or Recordings()
        self._synthesisers: tuple[Synthesiser, ...] = (synthesiser, Espeak())

    def find(self, segments: Iterable[Spoken]) -> list[Path] | None:
        """The prompt's files when all of them are there; a few file look-ups, for the reactor's thread."""
        files: list[Path] = []
        for segment in _audible(segments):
            path = next((path for path in self._candidates(segment) if path.exists()), None)
            if path is None:
                return None
            files.append(path)
        return files

    def render(self, segments: Iterable[Spoken], *, keep: bool = False) -> list[Path]:
        """The prompt's files, made where they are missing. Never raises, never empty for a text.

        With `keep` they stay for ever: for the fixed texts of the flows.
        """
        return [self._render(segment, keep) for segment in _audible(segments)]

    def seconds(self, segments: Iterable[Spoken]) -> float:
        """How long the prompt takes; renders it when it is missing."""
        return sum(audio.seconds(path) for path in self.render(segments, keep=True))

    def hold_music(self) -> Path:
        """The loop for callers who wait; made at the first use (`ensure_assets`)."""
        recorded = self._recordings.named(HOLD_MUSIC)
        if recorded and (path := self._from_recording(recorded)):
            return path
        path = self._cache / f"{HOLD_MUSIC}-{music.VERSION}.wav"
        try:
            if not path.exists():
                audio.save(music.hold_music(), path)
        except OSError as error:
            log.error("prompt_not_cached", reason=str(error))
            return self.apology()
        return path

    def apology(self) -> Path:
        """Says that the prompt is out of order and that the caller may speak; always there."""
        recorded = self._recordings.named(APOLOGY)
        return (recorded and self._from_recording(recorded)) or APOLOGY_FILE

    def ensure_assets(self) -> None:
        """Before the first call: the apology and the music."""
        self.apology()
        self.hold_music()

    def check_writable(self) -> None:
        """Raises OSError when nothing can be kept (a full or wrong disk)."""
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._cache) as file:
            file.write(b"\0")

    def missing(self, segments: Iterable[Spoken]) -> list[Spoken]:
        """Which texts have neither recording nor kept audio in the configured voice."""
        return [segment for segment in _audible(segments) if not self._best(segment).exists()]

    def is_recorded(self, segment: Spoken) -> bool:
        """Whether a person's recording is played for it."""
        return self._recorded(segment) is not None

    def prune(self, older_than_seconds: float, now: float | None = None) -> int:
        """Erase cached audio of callers' numbers and addresses, and torn files. How many."""
        limit = (time.time() if now is None else now) - older_than_seconds
        old = [
            path
            for path in [*self._cache.glob(f"{SPOKEN_FOLDER}/*"), *self._cache.glob(".*.part")]
            if path.stat().st_mtime < limit
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _candidates(self, segment: Spoken) -> list[Path]:
        """Where the piece may be, best first."""
        recorded = self._recorded(segment)
        places = [(synthesiser, keep) for synthesiser in self._synthesisers for keep in (True, False)]
        paths = [self._path(segment, synthesiser, keep) for synthesiser, keep in places]
        return [self._recording_path(recorded), *paths] if recorded else paths

    def _best(self, segment: Spoken) -> Path:
        return self._candidates(segment)[0]

    def _recorded(self, segment: Spoken) -> Path | None:
        return self._recordings.find(segment.text) if segment.reading == "text" else None

    def _path(self, segment: Spoken, synthesiser: Synthesiser, keep: bool) -> Path:
        folder = self._cache if keep else self._cache / SPOKEN_FOLDER
        text = normalised(segment.text)
        recipe = f"{VERSION}\n{synthesiser.key}\n{self._level_dbfs}\n{segment.reading}\n{text}"
        return folder / f"{_digest(recipe)}.wav"

    def _recording_path(self, recorded: Path) -> Path:
        try:
            stat = recorded.stat()
            version = f"{stat.st_mtime_ns}\n{stat.st_size}"
        except OSError:
            version = "gone"
        return self._cache / f"rec-{_digest(f'{VERSION}|{recorded}|{version}|{self._level_dbfs}')}.wav"

    def _render(self, segment: Spoken, keep: bool) -> Path:
        recorded = self._recorded(segment)
        if recorded and (path := self._from_recording(recorded)):
            return path
        for synthesiser in self._synthesisers:
            if path := self._synthesised(segment, synthesiser, keep):
                return path
        return self.apology()

    def _from_recording(self, recorded: Path) -> Path | None:
        path = self._recording_path(recorded)
        try:
            if not path.exists():
                audio.save(audio.levelled(audio.telephone(audio.read_wav(recorded)), self._level_dbfs), path)
            return path
        except (audio.AudioFileError, OSError) as error:
            log.error("recorded_prompt_unusable", file=recorded.name, reason=str(error))
            return None

    def _synthesised(self, segment: Spoken, synthesiser: Synthesiser, keep: bool) -> Path | None:
        kept, path = self._path(segment, synthesiser, True), self._path(segment, synthesiser, keep)
        if kept.exists():
            return kept
        try:
            if not path.exists():
                speech = synthesiser.synthesise(say(segment))
                audio.save(audio.prompt(speech, self._level_dbfs, _pause_ms(segment)), path)
            return path
        except Exception as error:  # whatever an engine does, the caller hears something
            log.error("prompt_not_rendered", engine=synthesiser.key.split("/")[0], reason=str(error))
            return None


def _audible(segments: Iterable[Spoken]) -> list[Spoken]:
    return [segment for segment in segments if is_audible(segment)]


def is_audible(segment: Spoken) -> bool:
    """Whether there is anything to say in it; punctuation alone is silent."""
    return any(c.isalnum() or c in "*#" for c in segment.text)


def _pause_ms(segment: Spoken) -> int:
    return PAUSES_MS.get(segment.text.strip()[-1], SHORT_PAUSE_MS)


def _digest(recipe: str) -> str:
    return hashlib.sha256(recipe.encode()).hexdigest()[:32]


def prompt_store(paths: Paths, settings: TextToSpeech) -> PromptStore:
    """The store of this configuration. Raises ConfigurationError for unusable recordings."""
    recordings = load_recordings(paths.prompts)
    return PromptStore(paths.state / "prompts", synthesiser_for(settings), settings.level_dbfs, recordings)


@lru_cache(maxsize=1)
def prompt_store_anyway(paths: Paths, settings: TextToSpeech) -> PromptStore:
    """As `prompt_store`, but bad recordings are logged and left out: for a service that must answer.

    Reads every recording once in a process: call it before the fork, and `cache_clear` to reload.
    """
    try:
        return prompt_store(paths, settings)
    except ConfigurationError as error:
        log.error("recordings_ignored", reason=str(error))
        return PromptStore(paths.state / "prompts", synthesiser_for(settings), settings.level_dbfs)


class WorkerPrompts:
    """A conversation's prompts: what is cached at once, the rest by a thread, in order.

    The thread starts with the first text that must be rendered, after the fork.
    """

    def __init__(self, store: PromptStore, call_from_thread: CallFromThread) -> None:
        self._store = store
        self._call_from_thread = call_from_thread
        self._queue: SimpleQueue[tuple[Sequence[Spoken], Callable[[Sequence[Path]], None]]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def prepare(self, segments: Sequence[Spoken], done: Callable[[Sequence[Path]], None]) -> None:
        """`done` comes exactly once in the reactor's thread, at once when all is cached."""
        files = self._store.find(segments)
        if files is not None:
            done(files)
            return
        self._queue.put((segments, done))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="prompts", daemon=True)
            self._thread.start()

    def hold_music(self) -> Path:
        return self._store.hold_music()

    def _run(self) -> None:
        while True:
            segments, done = self._queue.get()
            try:
                files = self._store.render(segments)
            except Exception as error:
                log.error("prompt_not_rendered", engine="store", reason=f"{type(error).__name__}: {error}")
                files = [self._store.apology()]
            self._call_from_thread(done, files)
