"""Bytes whose bits stand the other way round, as fax machines and the checksum of Ogg have them."""

TURN = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # for `bytes.translate`
