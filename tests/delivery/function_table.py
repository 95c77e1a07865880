"""docs/functions.md: what every function's zip weighs, and how long its process takes to ask for its first event."""

import re
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs/functions.md"
# How far a zip may be from the table.
TOLERANCE = 0.05
WRITE = "./dev deploy-local --write"
HEAD = f"""# Functions
Written by `{WRITE}`, for x86-64. `./dev deploy-local --check` fails where a zip is more than {TOLERANCE:.0%} larger or smaller
than here, and only prints the starts, which depend on the machine: from the start of the process to its first poll of the Runtime API,
the quickest of several.

| function | zip, bytes | start, ms |
|---|---|---|
"""


def read() -> dict[str, tuple[int, float]]:
    """Size and start by function."""
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d,]+) \| ([\d.]+) \|$", FILE.read_text(), re.MULTILINE)
    return {name: (int(size.replace(",", "")), float(start)) for name, size, start in rows}


def write(found: dict[str, tuple[int, float]]):
    """Replaces the table."""
    FILE.write_text(HEAD + "".join(f"| `{name}` | {size:,} | {start:.1f} |\n" for name, (size, start) in sorted(found.items())))


def compare(found: dict[str, tuple[int, float]]) -> list[str]:
    """Prints what was found beside what is noted, and returns which zips have grown or shrunk too much."""
    noted, differing = read(), []
    print(f"{'function':<20}{'zip, bytes':>12}{'noted':>12}{'start, ms':>12}{'noted':>12}")
    for name in sorted(found | noted):
        (size, start), (noted_size, noted_start) = found.get(name, (0, 0)), noted.get(name, (0, 0))
        print(f"{name:<20}{size:>12,}{noted_size:>12,}{start:>12.1f}{noted_start:>12.1f}")
        if abs(size - noted_size) > TOLERANCE * noted_size:
            differing.append(f"{name}: its zip has {size:,} bytes and {noted_size:,} in docs/functions.md; where that is meant: {WRITE}")
    return differing
