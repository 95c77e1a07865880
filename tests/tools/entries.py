"""What Python's own ZIP reader makes of a package: prints its entries as JSON, after unpacking each one, and writes its DEX files.

Usage: entries.py PACKAGE FOLDER
"""

import json
import pathlib
import struct
import sys
import zipfile


def main(package, folder):
    with zipfile.ZipFile(package) as archive, open(package, "rb") as raw:
        entries = [describe(archive, raw, info, folder) for info in archive.infolist()]
    print(json.dumps(entries))


def describe(archive, raw, info, folder):
    # Reading compares the CRC-32 and raises where it differs.
    content = archive.read(info)
    if info.filename.endswith(".dex") and "/" not in info.filename:
        (folder / info.filename).write_bytes(content)
    raw.seek(info.header_offset + 26)
    name, extra = struct.unpack("<HH", raw.read(4))
    return {
        "name": info.filename,
        "stored": info.compress_type == zipfile.ZIP_STORED,
        "offset": info.header_offset + 30 + name + extra,
        "crc": info.CRC,
        "size": info.file_size,
    }


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
