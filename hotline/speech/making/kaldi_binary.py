"""Kaldi's binary file format: numbers, vectors, compressed matrices."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from hotline.speech.making.types import Array

BINARY = b"\0B"


def token(name: str) -> bytes:
    return name.encode() + b" "


def integer(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def single(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def double(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def integers(values: Sequence[int]) -> bytes:
    return b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()


def vector(values: Array | Sequence[float]) -> bytes:
    array = np.asarray(values, "<f4")
    return b"FV " + integer(len(array)) + array.tobytes()


def matrix(values: Array) -> bytes:
    """16 bits a number over the matrix' range: half the size, the same error rate."""
    least = float(np.float32(values.min()))
    extent = float(np.float32(values.max() - least))
    steps = np.clip(np.rint((values.astype(np.float64) - least) / extent * 65535), 0, 65535).astype("<u2")
    rows, columns = values.shape
    return token("CM2") + struct.pack("<ffii", least, extent, rows, columns) + steps.tobytes()
