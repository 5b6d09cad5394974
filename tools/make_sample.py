"""Write the sample survey of the project anew: the same seed, the same bytes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # works in a checkout, with or without an install

from cultureplus.simulate import organisation  # noqa: E402

SEED = 19
NOTE = (
    "`make sample` writes this folder anew.\nThe seed is the one of the first two dozen whose draw "
    "lies nearest to what `truth.toml` states: a\ntypical organisation, in which chance has made "
    "little of any effect and not much of none."
)


def main() -> None:
    """Write data/sample, or the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "data" / "sample")
    folder = organisation(seed=SEED).write(parser.parse_args().folder, note=NOTE)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
