"""The process in which a model is made: one thread of BLAS, and espeak-ng to itself.

`hotline model make` starts it; the environment has to say OPENBLAS_NUM_THREADS=1 before numpy comes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from hotline.errors import HotlineError
from hotline.speech.making.make import RECIPES, make_model


def main(out: str, seed: str, size: str, jobs: str) -> None:
    make_model(Path(out), replace(RECIPES[size], seed=int(seed)), int(jobs), tell)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except HotlineError as error:
        sys.exit(f"hotline: {error}\n{type(error).__doc__}")
