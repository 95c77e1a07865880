"""Packs target/lambda/<name> into deployable zips and checks that `provided.al2023` can start each binary."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Amazon Linux 2023 has glibc 2.34: a binary that needs a newer symbol version ends before main.
NEWEST_GLIBC = (2, 34)
# What a function's zip holds: the binary, and the roots that SSL_CERT_FILE in template.yaml names.
FILES = {"bootstrap": 0o100755, "amazon-roots.pem": 0o100644}
# Lambda's limits for a zip put through the API and for what it unpacks to.
LARGEST_ZIP, LARGEST_UNPACKED = 50 * 1024 * 1024, 250 * 1024 * 1024


def main() -> int:
    failures = []
    print(f"{'function':<20}{'bootstrap':>12}{'zip':>12}  needs")
    for folder in sorted(path.parent.name for path in ROOT.glob("functions/*/Cargo.toml")):
        bootstrap = ROOT / "target/lambda" / folder / "bootstrap"
        if not bootstrap.exists():
            failures.append(f"{folder}: no {bootstrap.relative_to(ROOT)}")
            continue
        packed, needed = pack(bootstrap.parent), newest_glibc(bootstrap)
        size = packed.stat().st_size
        print(f"{folder:<20}{megabytes(bootstrap.stat().st_size):>12}{megabytes(size):>12}  GLIBC_{needed[0]}.{needed[1]}")
        if needed > NEWEST_GLIBC:
            failures.append(f"{folder}: needs GLIBC_{needed[0]}.{needed[1]}, provided.al2023 has {NEWEST_GLIBC[0]}.{NEWEST_GLIBC[1]}")
        if size > LARGEST_ZIP or bootstrap.stat().st_size > LARGEST_UNPACKED:
            failures.append(f"{folder}: too large for Lambda")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def pack(folder: Path) -> Path:
    """The zip of one function, the same bytes for the same binary."""
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, mode in FILES.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def newest_glibc(binary: Path) -> tuple[int, int]:
    """The newest symbol version that the dynamic linker must find."""
    listing = subprocess.run(["readelf", "--version-info", "--wide", str(binary)], capture_output=True, text=True, check=True)
    versions = [(int(major), int(minor)) for major, minor in re.findall(r"GLIBC_(\d+)\.(\d+)", listing.stdout)]
    return max(versions, default=(0, 0))


def megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


if __name__ == "__main__":
    sys.exit(main())
