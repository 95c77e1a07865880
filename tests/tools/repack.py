"""Packs a sound package anew with Python's own ZIP writer: into packages that must be refused, and into one whose native
library is stored where devices cannot map it.

Usage: repack.py SOUND FOLDER
"""

import pathlib
import sys
import warnings
import zipfile

MIB = 1 << 20


def main(sound, folder):
    # Python warns of the duplicate name that is wanted here.
    warnings.simplefilter("ignore")
    (folder / "truncated.apk").write_bytes(sound.read_bytes()[:-100])
    add(sound, folder / "duplicate.apk", "classes.dex", b"dex\n035\0another one")
    add(sound, folder / "traversal.apk", "../../etc/passwd", b"root")
    add(sound, folder / "absolute.apk", "/etc/passwd", b"root")
    add(sound, folder / "bomb.apk", "assets/zeros", bytes(300 * MIB))
    add(sound, folder / "native.apk", "lib/arm64-v8a/libx.so", b"\x7fELF" * 999, zipfile.ZIP_STORED)
    with zipfile.ZipFile(folder / "photos.apk", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("holiday.jpg", b"\xff\xd8\xff\xe0")


def add(sound, path, name, content, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(sound) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            after.writestr(info.filename, before.read(info))
        after.writestr(name, content, method)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
