"""Read from an ONNX file what OpenCV does not show of it."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.errors import SettingsError, reason

MAX_MODEL_BYTES = 500_000_000   # the largest detectors have half of it

# numbers of fields in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
MODEL_GRAPH, MODEL_METADATA = 7, 14
GRAPH_WEIGHT, GRAPH_INPUT, GRAPH_OUTPUT = 5, 11, 12
WEIGHT_NAME, WEIGHT_ELSEWHERE = 8, 13
INPUT_NAME = 1
INPUT_DIMENSIONS = 2, 1, 2, 1   # type, tensor_type, shape, dim
DIMENSION_VALUE = 1
METADATA_KEY, METADATA_VALUE = 1, 2

MAX_VARINT_BYTES = 10
FIXED_BYTES = {1: 8, 5: 4}      # by wire type

Shape = tuple[int | None, ...]  # None where the model leaves it open


class OnnxFile(NamedTuple):
    """An ONNX file, and what is known of its graph without any network library."""

    data: bytes
    inputs: tuple[Shape, ...]   # without those that are weights
    outputs: int                # how many
    is_whole: bool              # without weights that are in other files
    metadata: dict[str, str]


def read_onnx(path: Path) -> OnnxFile:
    """Read the file at *path*; raises :exc:`SettingsError` if it is no ONNX file."""
    data = read_bytes(path, "--objects", MAX_MODEL_BYTES)
    try:
        graph = next(parts(memoryview(data), MODEL_GRAPH))
        return OnnxFile(
            data, tuple(input_shapes(graph)),
            outputs=sum(1 for _ in parts(graph, GRAPH_OUTPUT)),
            is_whole=not any(parts(graph, GRAPH_WEIGHT, WEIGHT_ELSEWHERE)),
            metadata=metadata_of(data))
    except (ValueError, StopIteration):
        raise SettingsError(f"--objects is {str(path)!r}, but this is not an ONNX "
                            "file, or is damaged") from None


def read_bytes(path: Path, flag: str, most: int) -> bytes:
    """Return what is in the file at *path*, at most *most* bytes of it."""
    where = f"{flag} is {str(path)!r}, but"
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):     # a pipe would never end
            raise SettingsError(f"{where} this is not a file")
        if found.st_size > most:
            raise SettingsError(f"{where} this file has {found.st_size / 1e6:.0f} MB; "
                                f"at most {most / 1e6:g} MB are read")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{where} this file cannot be read: {reason(error)}"
                            ) from None


def input_shapes(graph: memoryview) -> Iterator[Shape]:
    """Yield the shapes of the inputs of *graph*; old files list weights there too."""
    weights = {bytes(each) for each in parts(graph, GRAPH_WEIGHT, WEIGHT_NAME)}
    for each in parts(graph, GRAPH_INPUT):
        if bytes(next(parts(each, INPUT_NAME), b"")) not in weights:
            yield tuple(map(dimension, parts(each, *INPUT_DIMENSIONS)))


def dimension(message: memoryview) -> int | None:
    """Return the length that *message* holds; ``None`` if it holds a name."""
    return next((value for number, value in fields(message)
                 if number == DIMENSION_VALUE and isinstance(value, int)), None)


def metadata_of(data: bytes) -> dict[str, str]:
    """Return the texts that the exporter stored in the model, by their keys."""
    return {text(each, METADATA_KEY): text(each, METADATA_VALUE)
            for each in parts(memoryview(data), MODEL_METADATA)}


def text(message: memoryview, number: int) -> str:
    """Return the first field *number* of *message* as text; empty if there is none."""
    return bytes(next(parts(message, number), b"")).decode(errors="replace")


def parts(message: memoryview, *path: int) -> Iterator[memoryview]:
    """Yield what *message* holds at *path*, the numbers of nested fields."""
    for number, value in fields(message):
        if number == path[0] and isinstance(value, memoryview):
            if path[1:]:
                yield from parts(value, *path[1:])
            else:
                yield value


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """
    Yield number and value of each field of *message*, but not of fixed length.

    This is the encoding of https://protobuf.dev/programming-guides/encoding/. Raises
    :exc:`ValueError` if it is violated. Nothing is copied.
    """
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(message, at)
            yield number, value
        elif wire == 2:
            length, at = varint(message, at)
            yield number, message[at:at + length]
            at += length
        elif wire in FIXED_BYTES:
            at += FIXED_BYTES[wire]
        else:
            raise ValueError(f"wire type {wire}")
    if at > len(message):
        raise ValueError("the message is cut off")


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at *at*, and where it ends."""
    value = 0
    for place, byte in enumerate(message[at:at + MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("the number is cut off")
