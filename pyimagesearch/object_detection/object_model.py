"""A detector in an ONNX file, run by OpenCV."""

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from pyimagesearch.errors import ObjectsFailed, SettingsError, printable
from pyimagesearch.frames import Box, Image, Size, halved, size_of

from .class_labels import COCO_LABELS, cleaned, labels_in
from .layouts import Candidates, Floats, Layout, layout_of
from .look import FoundObject
from .onnx_file import OnnxFile, Shape, read_onnx

OPEN_SIDE = 256                 # of an input whose size the file leaves open [pixels]
SIDES = range(32, 2049)         # of an input [pixels]
LETTERBOX_GREY = 114            # beside the picture, as in training
OVERLAP_OF_SAME = 0.5           # intersection over union
MAX_FOUND = 300
MAX_CAUSE_CHARACTERS = 200
NAME_THEM = "name them with --labels FILE, one a line"


class ObjectModel:
    """
    A detector of one of the known :mod:`layouts <.layouts>`, for one thread at a time.

    It is loaded, and tried on a grey picture, which finds everything that may be wrong
    with the file: raises :exc:`SettingsError` with one sentence. *labels* are the names
    of its classes; by default those in the file, or COCO's if there are 80 classes.
    *side* [pixels] makes the input square, and smaller or larger than the file says:
    models that only convolve allow it.

    *layout* describes the model, *size* is its input ``(width, height)``.
    """

    def __init__(self, path: Path, labels: Sequence[str] | None = None,
                 side: int | None = None) -> None:
        file = read_onnx(path)
        try:
            self.size = (side, side) if side else input_size(file)
            self._net = loaded(file)
            grey = np.full((*self.size[::-1], 3), LETTERBOX_GREY, np.uint8)
            output = self._forward(grey, is_rgb=False)
            self._layout = checked(layout_of(output, self.size), output)
            check_labels(labels, self._layout, path)
            self.labels = labels_for(self._layout, labels, file)
        except ObjectsFailed as error:
            raise SettingsError(f"--objects is {str(path)!r}, but {error}") from None

    @property
    def layout(self) -> str:
        """What kind of model it is, in words."""
        return self._layout.name

    def find(self, image: Image, least: float) -> list[FoundObject]:
        """
        Return what is in *image* with a score of at least *least*, the best first.

        These are objects of all classes; of boxes of one class that overlap by half,
        only the best. Raises :exc:`ObjectsFailed`.
        """
        fitted, scale = letterboxed(image, self.size)
        output = self._forward(fitted, self._layout.is_rgb)
        with np.errstate(all="ignore"):     # a damaged model gives any numbers
            candidates = self._layout.decode(output)
        found = []
        for box, score, number in picked(candidates, self.size, least):
            part = within(box / scale, size_of(image))
            if part and 0 <= number < len(self.labels):
                found.append(FoundObject(self.labels[number], min(score, 1.0), part))
        return found

    def _forward(self, image: Image, is_rgb: bool) -> Floats:
        try:
            self._net.setInput(cv2.dnn.blobFromImage(
                image, 1 / 255 if is_rgb else 1.0, swapRB=is_rgb))
            return np.asarray(self._net.forward(), np.float32)
        except cv2.error as error:
            raise ObjectsFailed(f"OpenCV {cv2.__version__} cannot run this model: "
                                f"{cause_of(error)}") from None


def input_size(file: OnnxFile) -> Size:
    """Return the size of a model's input; raises :exc:`ObjectsFailed` if unknown."""
    if len(file.inputs) != 1 or file.outputs != 1:
        raise ObjectsFailed(f"it has {len(file.inputs)} inputs and {file.outputs} "
                            "outputs; only models with one of each are known")
    shape = file.inputs[0]
    if len(shape) == 4 and shape[0] in (1, None) and shape[1] in (3, None):
        height, width = (side or OPEN_SIDE for side in shape[2:])
        if width in SIDES and height in SIDES:
            return width, height
    raise ObjectsFailed(
        f"its input has the unknown shape {described(shape)}; known is (1, 3, height, "
        f"width) with {SIDES.start} to {SIDES.stop - 1} pixels")


def described(shape: Shape) -> str:
    """Return *shape* for people; ``?`` is what the model leaves open."""
    return f"({', '.join('?' if each is None else str(each) for each in shape)})"


def loaded(file: OnnxFile) -> cv2.dnn.Net:
    """Return the network of *file*; raises :exc:`ObjectsFailed` if OpenCV cannot."""
    if not file.is_whole:       # OpenCV 4 crashes
        raise ObjectsFailed("it has weights in other files; export it as one file")
    try:
        return cv2.dnn.readNetFromONNX(np.frombuffer(file.data, np.uint8))
    except cv2.error as error:
        raise ObjectsFailed(f"OpenCV {cv2.__version__} cannot load this model: "
                         f"{cause_of(error)}") from None


def cause_of(error: cv2.error) -> str:
    """Return what OpenCV says, without where in its code."""
    text = " ".join(str(error).split())
    text = text.rpartition("error: (")[2].partition(") ")[2] or text
    text = re.sub(r"in function '[^']*'|> ?(?=.)", "", text)
    return printable(" ".join(text.split()), MAX_CAUSE_CHARACTERS).strip(" .>")


def checked(layout: Layout, output: Floats) -> Layout:
    """Return *layout*; raises :exc:`ObjectsFailed` if *output* holds no scores."""
    with np.errstate(all="ignore"):
        scores = layout.decode(output).scores
    if not ((scores > -0.01) & (scores < 1.01)).all():
        raise ObjectsFailed(f"its scores are not from 0 to 1, as a model of the layout "
                         f"{layout.name} gives them")
    return layout


def check_labels(labels: Sequence[str] | None, layout: Layout, path: Path) -> None:
    """Raise :exc:`SettingsError` if *labels* are given, but not one for each class."""
    if labels and layout.classes not in (None, len(labels)):
        raise SettingsError(f"it must have {layout.classes} labels, one a line, for "
                            f"the model {str(path)!r}; it has {len(labels)}")


def labels_for(layout: Layout, given: Sequence[str] | None, file: OnnxFile
               ) -> tuple[str, ...]:
    """Return the labels of a model; raises :exc:`ObjectsFailed` if they do not fit."""
    labels = cleaned(given) if given else labels_in(file.metadata)
    if labels is None and layout.classes == len(COCO_LABELS):
        return COCO_LABELS
    if labels is None:
        raise ObjectsFailed(f"it does not name its classes; {NAME_THEM}")
    if layout.classes not in (None, len(labels)):
        raise ObjectsFailed(f"it has {layout.classes} classes and {len(labels)} labels"
                            f"; {NAME_THEM}")
    return labels


def letterboxed(image: Image, size: Size) -> tuple[Image, float]:
    """Return *image* scaled into the top left corner of *size*, and its scale."""
    width, height = size_of(image)
    scale = min(size[0] / width, size[1] / height)
    width, height = (max(1, round(side * scale)) for side in (width, height))
    whole = np.full((*size[::-1], 3), LETTERBOX_GREY, np.uint8)
    whole[:height, :width] = cv2.resize(halved(image, width), (width, height))
    return whole, scale


def picked(candidates: Candidates, size: Size, least: float
           ) -> list[tuple[Floats, float, int]]:
    """Return box, score and class of what counts, the best first."""
    boxes = candidates.boxes.clip(0, (*size, *size))
    counts = (candidates.scores >= least) & ~np.isnan(boxes).any(axis=1)
    boxes, scores, classes = (each[counts] for each in (
        boxes, candidates.scores, candidates.classes))
    if not len(boxes):
        return []
    corners = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = np.ravel(cv2.dnn.NMSBoxesBatched(
        corners.tolist(), scores.tolist(), classes.tolist(), least, OVERLAP_OF_SAME,
        1.0, MAX_FOUND))
    return sorted(((boxes[each], float(scores[each]), int(classes[each]))
                   for each in kept), key=lambda one: -one[1])


def within(box: Floats, size: Size) -> Box | None:
    """Return *box* in whole pixels of a picture of *size*; ``None`` if it is empty."""
    left, top, right, bottom = (round(float(each)) for each in box)
    right, bottom = min(right, size[0]), min(bottom, size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None
