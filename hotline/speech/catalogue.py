"""Vosk's published models: the list, and downloads that can be taken up again and are verified.

What comes over the network is believed in nothing but its checksum.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from hotline.errors import HotlineError

OFFICIAL_URL = "https://alphacephei.com/vosk/models"
LIST = "model-list.json"
LARGEST_LIST_BYTES = 4 << 20
LARGEST_MODEL_BYTES = 8 << 30
CHUNK_BYTES = 1 << 18
READ_SECONDS = 30
ATTEMPTS = 5

Progress = Callable[[int, int | None], None]
"""Bytes there, bytes in all when known."""


class ModelInstallError(HotlineError):
    """The model was not installed and nothing was changed. Without internet use `--from FILE.zip`."""


class _InterruptedError(Exception):
    """The connection broke; what is there is kept."""


class Offer(BaseModel):
    """One published model."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    url: str
    md5: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{32}$")]
    size: int = 0
    lang: str = ""
    lang_text: str = ""
    size_text: str = ""
    obsolete: str = "false"
    version: str = ""


_OFFERS = TypeAdapter(list[dict[str, object]])


def published(base_url: str = OFFICIAL_URL) -> list[Offer]:
    """The models that are on offer; entries we cannot read are left out. Raises ModelInstallError."""
    url = f"{base_url.rstrip('/')}/{LIST}"
    try:
        with _open(url) as answer:
            entries = _OFFERS.validate_json(answer.read(LARGEST_LIST_BYTES))
    except (OSError, HTTPException, ValidationError) as error:
        raise ModelInstallError(f"{url}: no list of models ({_short(error)})") from error
    offers: list[Offer] = []
    for entry in entries:
        try:
            offers.append(Offer.model_validate(entry))
        except ValidationError:
            continue
    return offers


def offer_named(name: str, base_url: str = OFFICIAL_URL) -> Offer:
    """Raises ModelInstallError, with similar names."""
    offers = published(base_url)
    for offer in offers:
        if offer.name == name:
            return offer
    chinese = ", ".join(offer.name for offer in offers if offer.lang == "cn" and offer.obsolete == "false")
    raise ModelInstallError(f"no model is called {name}; for Mandarin: {chinese or 'none is on offer'}")


def download(url: str, path: Path, progress: Progress, wait_seconds: float = 1) -> None:
    """Fetch into `path`; takes up what an earlier try left there. Raises ModelInstallError."""
    tries = Retrying(
        retry=retry_if_exception_type(_InterruptedError), stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(wait_seconds), reraise=True,
    )
    try:
        tries(_fetch, url, path, progress)
    except _InterruptedError as error:
        raise ModelInstallError(f"{url}: {error}; run the command again, it goes on where it was") from error


def _fetch(url: str, path: Path, progress: Progress) -> None:
    there = path.stat().st_size if path.exists() else 0
    try:
        with _open(url, there) as answer:
            resumed = answer.status == 206 and _begins_at(answer, there)
            _receive(answer, path, there if resumed else 0, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416 and there:
            return  # complete, or of another file: the checksum tells
        raise ModelInstallError(f"{url}: the server answers {error.code}") from error
    except (OSError, HTTPException) as error:
        raise _InterruptedError(_short(error)) from error


def _begins_at(answer: HTTPResponse, offset: int) -> bool:
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _receive(answer: HTTPResponse, path: Path, there: int, progress: Progress) -> None:
    length = answer.headers.get("Content-Length")
    total = there + int(length) if length and length.isdigit() else None
    if (total or 0) > LARGEST_MODEL_BYTES:
        raise ModelInstallError(f"{total} bytes is no model of ours to expect")
    with path.open("ab" if there else "wb") as file:
        while block := answer.read(CHUNK_BYTES):
            file.write(block)
            there += len(block)
            if there > LARGEST_MODEL_BYTES:
                raise ModelInstallError("the download does not end; given up")
            progress(there, total)
    if total is not None and there < total:
        raise _InterruptedError(f"the connection ended after {there} of {total} bytes")


def _open(url: str, offset: int = 0) -> HTTPResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ModelInstallError(f"{url}: only http and https are fetched")
    headers = {"User-Agent": "gas-hotline"} | ({"Range": f"bytes={offset}-"} if offset else {})
    request = urllib.request.Request(url, headers=headers)
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=READ_SECONDS)
    return answer


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def checksum(path: Path, algorithm: str) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def verify(path: Path, *, sha256: str = "", md5: str = "") -> str:
    """Check a file; the operator's SHA-256 wins over the publisher's MD5. Says what was verified.

    Raises ModelInstallError.
    """
    algorithm, wanted = ("sha256", sha256) if sha256 else ("md5", md5)
    if not wanted:
        return f"not verified (no checksum given); its SHA-256 is {checksum(path, 'sha256')}"
    found = checksum(path, algorithm)
    if found != wanted.strip().lower():
        raise ModelInstallError(f"{path.name}: wrong or damaged, its {algorithm} is {found} and not {wanted}")
    return "verified by your SHA-256" if sha256 else "verified by the publisher's MD5"
