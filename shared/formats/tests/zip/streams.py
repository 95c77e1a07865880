"""pack FOLDER: packs FOLDER/content in every way that zlib has, each into a file of its own, whose names are printed.
unpack FOLDER: unpacks each FOLDER/*.spliced and compares with FOLDER/expected."""
import pathlib
import sys
import zlib

mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
if mode == "pack":
    content = (folder / "content").read_bytes()
    strategies = {"default": 0, "filtered": 1, "huffman": 2, "runs": 3, "fixed": 4}
    for level in (0, 1, 9):
        for name, strategy in strategies.items():
            for memory in (6, 9):
                packer = zlib.compressobj(level, zlib.DEFLATED, -15, memory, strategy)
                packed = packer.compress(content[:400_000])
                packed += packer.flush(zlib.Z_FULL_FLUSH) + packer.compress(content[400_000:]) + packer.flush()
                stream = f"{name}-{level}-{memory}"
                (folder / stream).write_bytes(packed)
                print(stream)
else:
    expected = (folder / "expected").read_bytes()
    right = 0
    for path in folder.glob("*.spliced"):
        unpacker = zlib.decompressobj(-15)
        content = unpacker.decompress(path.read_bytes()) + unpacker.flush()
        assert content == expected and unpacker.eof and not unpacker.unused_data, path.name
        right += 1
    print(right, "right")
