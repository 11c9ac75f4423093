"""Files that belong to tickets: kept under the hash of what is in them, written once, never changed.

`<state>/attachments/<first two of the hash>/<hash>.<extension>`; the ticket and its history hold the hash.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from hotline.errors import HotlineError

FOLDER = "attachments"
LARGEST_BYTES = 50_000_000
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"), (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF8", "image/gif", "gif"), (b"%PDF-", "application/pdf", "pdf"),
)


class AttachmentRefusedError(HotlineError):
    """The file was not attached. Pictures (PNG, JPEG, GIF, WebP, HEIC), PDF and text files can be."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept."""

    reference: str
    """Path within the folder of attachments."""
    sha256: str
    media_type: str
    size_bytes: int


def keep(folder: Path, content: bytes) -> Kept:
    """Write it once; the same content twice is one file. Raises AttachmentRefusedError, OSError."""
    if not content or len(content) > LARGEST_BYTES:
        raise AttachmentRefusedError(f"a file has 1 to {LARGEST_BYTES // 1_000_000} million bytes")
    media_type, extension = kind_of(content)
    digest = hashlib.sha256(content).hexdigest()
    reference = f"{digest[:2]}/{digest}.{extension}"
    path = folder / reference
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _write_once(path, content)
    elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise AttachmentRefusedError(f"{path} has been changed since it was kept; restore it from the backup")
    return Kept(reference, digest, media_type, len(content))


def _write_once(path: Path, content: bytes) -> None:
    """Whole or not at all, and then read-only."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        pass  # somebody kept the same content at the same moment
    finally:
        os.unlink(fresh)


def kind_of(content: bytes) -> tuple[str, str]:
    """Media type and extension by what is in it, whatever it is called. Raises AttachmentRefusedError."""
    for magic, media_type, extension in _MAGIC:
        if content.startswith(magic):
            return media_type, extension
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", "webp"
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1"):
        return "image/heic", "heic"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise AttachmentRefusedError("neither a picture, nor PDF, nor text") from None
    if any(ord(char) < 32 and char not in "\t\n\r\f" for char in text):
        raise AttachmentRefusedError("neither a picture, nor PDF, nor text")
    return "text/plain", "txt"


def fingerprint(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size
