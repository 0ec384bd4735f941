"""Which pictures the benchmarks of asking a model take, and where from."""

import argparse
import sys
from pathlib import Path

TESTSET = Path(__file__).parents[1] / "data" / "testset" / "png"


def parser_of(about: str | None) -> argparse.ArgumentParser:
    """A command line that takes a folder and a number of pictures; ``about`` is what its help says."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=TESTSET, help="PNG pictures (default: the test set)")
    parser.add_argument("--limit", type=int, default=60, help="so many pictures")
    return parser


def link_pictures(arguments: argparse.Namespace, into: Path) -> int:
    """Links to the pictures that are asked for, in a new folder; how many they are."""
    found = sorted(arguments.folder.glob("*.png"))
    # Spread over the folder, whose names put like by like.
    chosen = found[:: max(1, len(found) // arguments.limit)][: arguments.limit]
    if not chosen:
        sys.exit(f"no PNG pictures in {arguments.folder}")
    into.mkdir()
    for path in chosen:
        (into / path.name).symlink_to(path.resolve())
    return len(chosen)
