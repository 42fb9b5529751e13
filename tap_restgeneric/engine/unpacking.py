"""What is in a body, unpacked? All of it or an error, and never more than a limit.

`urllib3` unpacks too, but takes gzip that ends too early for whole, and a layer within a layer without bounds.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any

from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from urllib3.response import BaseHTTPResponse

MEGABYTE = 1024 * 1024
_CHUNK = MEGABYTE
_MOST_LAYERS = 3
_MANY = 8 * MEGABYTE
_BYTES_A_VALUE = 20
_GZIP = 16 + zlib.MAX_WBITS
_DEFLATED = 8
_HEADER_MULTIPLE = 31


class PackedError(Exception):
    """A body is not packed as it says, or ends too early. The message says so."""


def content(answer: BaseHTTPResponse, largest: int) -> bytes:
    """The body of an answer.

    Args:
        answer: Of which nothing was read.
        largest: Bytes that it may have, packed or not. Values may be as many as a body of that size has where each
            takes 20 bytes: short ones take far more memory than text.

    Raises:
        PackedError: It is not packed as it says, or ends too early.
        ReplyError: It is too large.
    """
    named = answer.headers.get("content-encoding", "").lower().split(",")
    layers = [_LAYERS[coding.strip()] for coding in named if coding.strip() in _LAYERS]
    if len(layers) > _MOST_LAYERS:
        raise PackedError(f"the body is compressed {len(layers)} times over")
    length = getattr(answer, "length_remaining", None)
    if not layers and length is not None and length <= largest:
        whole = answer.read(decode_content=False)
    else:
        pieces = _within(largest, _received(answer))
        for layer in reversed(layers):
            pieces = _within(largest, _unpacked(layer, pieces))
        whole = b"".join(pieces)
    if layer := next((layer for magic, layer in _FILES.items() if whole.startswith(magic)), None):
        # a file, as exports are, without a header that says so
        whole = b"".join(_within(largest, _unpacked(layer, [whole])))
    if len(whole) > _MANY and whole.count(b",") > largest // _BYTES_A_VALUE:
        raise ReplyError(f"the body has more than {largest // _BYTES_A_VALUE} values; max_body_mb allows more")
    return whole


def _received(answer: BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
    except ValueError as error:  # of http.client, for a chunk whose size is none
        raise PackedError(f"the body is not cut into chunks as it says: {error}") from None


def _within(largest: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > largest:
            raise ReplyError(f"the body is larger than {largest // MEGABYTE} MB (max_body_mb)")
        yield piece


def _unpacked(unpacker: Callable[[bytes], Any], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes in packed pieces: one part behind another, until all parts have come to their end."""
    part = None
    for piece in pieces:
        rest = piece
        while rest:
            if part is None or part.eof:
                if part is not None and not _begins_another(rest):
                    return
                part = unpacker(rest)
            yield from _of_one(part, rest)
            rest = part.unused_data if part.eof else b""
    if part is not None and not part.eof:
        raise PackedError("the compressed body ends too early")


def _begins_another(rest: bytes) -> bool:
    """Whether another part begins, or what is there is padding, as every reader of gzip sees it."""
    return rest.startswith(tuple(_FILES))


def _of_one(part: Any, packed: bytes) -> Iterator[bytes]:
    """What a piece of one part holds, not much of it at a time."""
    try:
        while True:
            yield (unpacked := part.decompress(packed, _CHUNK))
            packed = getattr(part, "unconsumed_tail", b"")  # of zlib; zstd keeps it
            if part.eof or len(unpacked) < _CHUNK:
                return
    except zlib.error as error:
        raise PackedError(f"the body cannot be decompressed: {error}") from None


def _gzip(_: bytes) -> Any:
    return zlib.decompressobj(_GZIP)


def _deflate(beginning: bytes) -> Any:
    """Deflate with the head of zlib, as it should be, or without, as some servers send it."""
    headed = beginning[0] % 16 == _DEFLATED and int.from_bytes(beginning[:2], "big") % _HEADER_MULTIPLE == 0
    return zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)


class _Zstd:
    """One frame of zstd, with the errors of zlib."""

    def __init__(self, _: bytes) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415 (few servers use it)
        else:
            from backports import zstd  # noqa: PLC0415
        self._frame = zstd.ZstdDecompressor()
        self._error = zstd.ZstdError

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._frame.unused_data)

    def decompress(self, packed: bytes, most: int) -> bytes:
        try:
            return bytes(self._frame.decompress(packed, most))
        except self._error as error:
            raise PackedError(f"the body cannot be decompressed: {error}") from None


_LAYERS: dict[str, Callable[[bytes], Any]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _Zstd,
}
_FILES = {b"\x1f\x8b": _gzip, b"\x28\xb5\x2f\xfd": _Zstd}
"""How files begin that are packed so."""
ACCEPTED = ", ".join(coding for coding in _LAYERS if not coding.startswith("x-"))
"""What servers are told."""
