"""PNG images by Python's zlib alone, on stdin and stdout.

  images.py crush WIDTH HEIGHT CHANNELS   pixels to the form that Xcode packs images in
  images.py plain WIDTH HEIGHT CHANNELS   pixels to a plain PNG
  images.py pixels                        an image of either form to a line of width, height and channels, and its plain pixels
"""

import struct
import sys
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def predict(kind, left, above, corner):
    if kind == 4:
        expected = left + above - corner
        return min((left, above, corner), key=lambda it: abs(expected - it))
    return [0, left, above, (left + above) // 2][kind]


def neighbours(row, above, place, channels):
    before = place - channels
    return row[before] if before >= 0 else 0, above[place], above[before] if before >= 0 else 0


def filtered(rows, channels):
    above = bytes(len(rows[0]))
    for number, row in enumerate(rows):
        kind = number % 5
        differences = [
            (byte - predict(kind, *neighbours(row, above, place, channels))) % 256 for place, byte in enumerate(row)
        ]
        yield bytes([kind, *differences])
        above = row


def unfiltered(data, length, channels):
    above = bytes(length)
    for start in range(0, len(data), length + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for place in range(length):
            row[place] = (row[place] + predict(kind, *neighbours(row, above, place, channels))) % 256
        yield bytes(row)
        above = row


def crushed(pixel):
    if len(pixel) == 3:
        return bytes(reversed(pixel))
    red, green, blue, alpha = pixel
    return bytes([*((2 * colour * alpha + 255) // 510 for colour in (blue, green, red)), alpha])


def uncrushed(pixel):
    if len(pixel) == 3:
        return bytes(reversed(pixel))
    *colours, alpha = pixel
    plain = [min(255, (colour * 255 + alpha // 2) // alpha) if alpha else 0 for colour in reversed(colours)]
    return bytes([*plain, alpha])


def each(change, row, channels):
    return b"".join(change(row[start : start + channels]) for start in range(0, len(row), channels))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks(image):
    assert image.startswith(SIGNATURE), "signature"
    place = len(SIGNATURE)
    while place < len(image):
        (length,) = struct.unpack_from(">I", image, place)
        kind, body = image[place + 4 : place + 8], image[place + 8 : place + 8 + length]
        assert image[place : place + 12 + length] == chunk(kind, body), "length or checksum"
        yield kind, body
        place += 12 + length


def write(width, height, channels, pixels, crush):
    length = width * channels
    rows = [pixels[start : start + length] for start in range(0, length * height, length)]
    if crush:
        rows = [each(crushed, row, channels) for row in rows]
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15 if crush else 15)
    data = compressor.compress(b"".join(filtered(rows, channels))) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    half = len(data) // 2
    parts = [(b"CgBI", b"P\0 \2")] if crush else []
    parts += [(b"IHDR", header), (b"iDOT", bytes(28)), (b"IDAT", data[:half]), (b"IDAT", data[half:]), (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(kind, body) for kind, body in parts)


def read(image):
    found = list(chunks(image))
    crush = found[0][0] == b"CgBI"
    kinds = [kind for kind, _ in found]
    assert kinds[crush] == b"IHDR" and kinds[-1] == b"IEND" and b"IDAT" in kinds, kinds
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", found[crush][1])
    assert depth == 8 and rest == [0, 0, 0], (depth, rest)
    channels = {2: 3, 6: 4}[colour]
    data = zlib.decompress(b"".join(body for kind, body in found if kind == b"IDAT"), -15 if crush else 15)
    assert len(data) == height * (width * channels + 1), len(data)
    rows = unfiltered(data, width * channels, channels)
    if crush:
        rows = (each(uncrushed, row, channels) for row in rows)
    return b"%d %d %d\n" % (width, height, channels) + b"".join(rows)


def main(action, *numbers):
    given = sys.stdin.buffer.read()
    done = read(given) if action == "pixels" else write(*map(int, numbers), given, action == "crush")
    sys.stdout.buffer.write(done)


main(*sys.argv[1:])
