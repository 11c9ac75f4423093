"""Unpacks a model's zip file without trusting it, tries the model, and only then puts it in place."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from hotline.speech.catalogue import LARGEST_MODEL_BYTES, ModelInstallError
from hotline.speech.vosk_engine import SpeechModelError, check_model, missing_files

MOST_FILES = 10_000
LARGEST_RATIO = 200
"""Unpacked to packed; models reach about 3, bombs 1000."""
CHUNK_BYTES = 1 << 20


def install(
    archive: Path, name: str, models: Path, *, replace: bool = False, progress: Callable[[int, int], None]
) -> Path:
    """Unpack `archive` as `<models>/<name>` once it is proven to be a loadable Vosk model.

    `progress` gets bytes done and in all. Raises ModelInstallError; then nothing was changed.
    """
    target = models / name
    if target.exists() and not replace:
        raise ModelInstallError(f"{target} is there already; remove it or say --replace")
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".installing-") as folder:
        unpacked = Path(folder) / "new"
        _unpack(archive, unpacked, progress)
        root = _model_root(archive, unpacked)
        try:
            check_model(root)
        except SpeechModelError as error:
            raise ModelInstallError(f"{archive.name} holds no usable Vosk model: {error}") from error
        if target.exists():
            target.rename(Path(folder) / "old")
        root.rename(target)
    return target


def _unpack(archive: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _checked(archive, packed)
            total = sum(member.file_size for member in members)
            _room_for(total, target.parent)
            done = 0
            for member in members:
                done = _extract(packed, member, target, done, lambda at: progress(at, total))
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ModelInstallError(f"{archive.name}: cannot be unpacked ({error}); download it again") from error


def _checked(archive: Path, packed: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = packed.infolist()
    total = sum(member.file_size for member in members)
    size = max(1, sum(member.compress_size for member in members))
    if len(members) > MOST_FILES or total > LARGEST_MODEL_BYTES or total / size > LARGEST_RATIO:
        raise ModelInstallError(f"{archive.name}: {len(members)} files of {total} bytes are no speech model")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        kind = stat.S_IFMT(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ModelInstallError(f"{archive.name}: {member.filename!r} leaves its folder; not unpacked")
    return [member for member in members if not member.is_dir()]


def _room_for(total: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if total > free:
        raise ModelInstallError(f"{folder}: {total >> 20} MiB are needed and {free >> 20} MiB are free")


def _extract(
    packed: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, done: int, progress: Callable[[int], None]
) -> int:
    """Write one file; no more of it than its entry declares."""
    path = target.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with packed.open(member) as source, path.open("wb") as out:
        while block := source.read(CHUNK_BYTES):
            left -= len(block)
            if left < 0:
                raise ModelInstallError(f"{member.filename!r} is larger than it says; not unpacked")
            out.write(block)
            done += len(block)
            progress(done)
    return done


def _model_root(archive: Path, unpacked: Path) -> Path:
    """The model itself: the zip's one top folder, or its top."""
    candidates = [unpacked, *sorted(path for path in unpacked.glob("*") if path.is_dir())]
    for candidate in candidates:
        if not missing_files(candidate):
            return candidate
    lacking = ", ".join(missing_files(candidates[-1]))
    raise ModelInstallError(f"{archive.name} holds no Vosk model: it lacks {lacking}")
