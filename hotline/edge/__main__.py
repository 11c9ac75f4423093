"""`python -m hotline.edge --config FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hotline.edge.main import run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="hotline.edge", description="The SIP edge of the gas hotline.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="config/hotline.yaml")
    sys.exit(run(parser.parse_args().config))
