"""`python -m hotline.edge --config FILE`.

After a SIGKILL every tenth of a second until the edge listens again counts, so its imports are few.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="hotline.edge", description="The SIP edge of the gas hotline.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="config/hotline.yaml")
    config = parser.parse_args().config
    gc.disable()  # nothing that is imported is garbage
    sys.modules["rich"] = None  # type: ignore[assignment]  # structlog would import it for tracebacks in colour
    from hotline.edge.main import run

    gc.freeze()
    gc.enable()
    return run(config)


if __name__ == "__main__":
    sys.exit(main())
