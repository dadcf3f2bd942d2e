"""What the classes of a model are called."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyimagesearch.errors import SettingsError, printable

from .onnx_file import read_bytes

MAX_LABEL_BYTES = 1_000_000     # of all labels of a model
MAX_LABEL_CHARACTERS = 60

# Lin et al., "Microsoft COCO: Common Objects in Context" (2014): what most detectors
# are trained on, in the order that all of them use
COCO_LABELS = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck",
    "boat", "traffic light", "fire hydrant", "stop sign", "parking meter", "bench",
    "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra",
    "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis",
    "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard",
    "surfboard", "tennis racket", "bottle", "wine glass", "cup", "fork", "knife",
    "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot",
    "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed",
    "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book",
    "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush")


def read_labels(path: Path) -> tuple[str, ...]:
    """
    Return the labels in the file at *path*, one a line, the first for class 0.

    Raises :exc:`SettingsError`. Empty lines at the end do not count.
    """
    try:
        text = read_bytes(path, "--labels", MAX_LABEL_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or not text.strip():
        raise SettingsError(f"--labels is {str(path)!r}, but must be a text file in "
                            "UTF-8 with a label a line")
    return cleaned(text.rstrip().splitlines())


def labels_in(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """
    Return the labels in the *metadata* of a model; ``None`` if there are none.

    They are ``names``, as the exporters of YOLOv5 to YOLO11 write it: a Python dict of
    class numbers and labels, or a list.
    """
    text = metadata.get("names", "")
    try:
        names = ast.literal_eval(text) if len(text) <= MAX_LABEL_BYTES else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(names, dict):
        names = [names.get(number) for number in range(len(names))]
    if not names or not isinstance(names, list):
        return None
    return cleaned(names) if all(isinstance(each, str) for each in names) else None


def cleaned(labels: Sequence[str]) -> tuple[str, ...]:
    """Return *labels* as they may be shown: short, without invisible characters."""
    return tuple(printable(each.strip(), MAX_LABEL_CHARACTERS) for each in labels)
