"""Detectors of about a kilobyte, one for each layout of a model's output: they see red.

Each 32 x 32 cell of their 64 x 64 input is a "person" where it is red; the finer cells of the
other two grids hold nothing. Full red has a score of 0.95, half of it 0.5, black 0.05, white
and blue none. So a score shows whether the colours have the right order and scale.
"""

import numpy as np
from onnx import TensorProto, checker, numpy_helper
from onnx.helper import (
    make_graph,
    make_model,
    make_node,
    make_opsetid,
    make_tensor_value_info,
    set_model_props,
)

LABELS = "person", "car", "dog"
NAMES = {"names": "{0: 'person', 1: 'car', 2: 'dog'}"}
SIDE, CELL = 64, 32
COARSE = (SIDE // CELL) ** 2                    # cells of the coarsest grid
CELLS = COARSE + (SIDE // 8) ** 2 + (SIDE // 16) ** 2
CERTAIN = 20.0      # whose sigmoid is 1


def yolox(classes=3, metadata=NAMES):
    """Return a detector with BGR from 0 to 255, ``(1, cells, 5 + classes)``."""
    boxes = constant("boxes", np.tile([0.5, 0.5, 0, 0], (1, CELLS, 1)))
    return model(red(2, full=255), [boxes, all_persons(CELLS, classes)],
                 ["boxes", "score", "classes"], [1, CELLS, 5 + classes], metadata)


def yolox_decoded(metadata=NAMES, **others):
    """Return a detector with BGR from 0 to 255, ``(1, cells, 5 + classes)``, in pixels."""
    constants = {"boxes": in_pixels(CELLS), "classes": all_persons(CELLS), **others}
    return model(red(2, full=255), constants.values(), ["boxes", "score", "classes"],
                 [1, CELLS, 5 + len(LABELS)], metadata)


def yolov5(metadata=NAMES):
    """Return a detector with RGB from 0 to 1, ``(1, 3 x cells, 5 + classes)``."""
    rows = 3 * CELLS
    return model(red(0, full=1, rows=rows), [in_pixels(rows), all_persons(rows)],
                 ["boxes", "score", "classes"], [1, rows, 5 + len(LABELS)], metadata)


def yolov8(metadata=NAMES):
    """Return a detector with RGB from 0 to 1, ``(1, 4 + classes, cells)``."""
    others = constant("others", np.zeros((1, CELLS, len(LABELS) - 1)))
    return model(red(0, full=1), [in_pixels(CELLS), others], ["boxes", "score", "others"],
                 [1, 4 + len(LABELS), CELLS], metadata, is_transposed=True)


def end_to_end(metadata=NAMES, number=0):
    """Return a detector with RGB from 0 to 1, ``(1, 100, 6)``; *number* is the class."""
    centres, extents = np.split(cells_in_pixels(), 2, axis=1)
    corners = with_fine(np.hstack([centres - extents / 2, centres + extents / 2]), 100)
    classes = constant("classes", np.full((1, 100, 1), number))
    return model(red(0, full=1, rows=100), [corners, classes],
                 ["boxes", "score", "classes"], [1, 100, 6], metadata)


def convolving(size=(SIDE, SIDE)):
    """Return a detector like :func:`yolox` for pictures of any size, as YOLOX-Nano is one."""
    score_bias = [-3, CERTAIN, *[-CERTAIN] * (len(LABELS) - 1)]
    nodes = [
        *convolved("nothing", "fine", 8), *convolved("nothing", "finer", 16),
        *convolved("boxes", "box", CELL), *convolved("scores", "sum", CELL),
        make_node("Sigmoid", ["sum"], ["score"]),
        make_node("Concat", ["box", "score"], ["coarse"], axis=1)]
    grids = ["fine", "finer", "coarse"]
    nodes += [make_node("Reshape", [each, "columns"], [f"{each} cells"]) for each in grids]
    nodes.append(make_node("Concat", [f"{each} cells" for each in grids], ["rows"], axis=2))
    channels = 5 + len(LABELS)
    colours = np.zeros((1 + len(LABELS), 3, 1, 1))
    colours[0] = redness(2, full=255)
    weights = [constant("nothing weights", np.zeros((channels, 3, 1, 1))),
               constant("nothing bias", np.zeros(channels)),
               constant("boxes weights", np.zeros((4, 3, 1, 1))),
               constant("boxes bias", [0.5, 0.5, 0, 0]),
               constant("scores weights", colours), constant("scores bias", score_bias),
               numpy_helper.from_array(np.array([1, channels, -1]), "columns")]
    return model((nodes, weights), [], ["rows"], [1, None, channels], NAMES,
                 is_transposed=True, size=size)


def save(model, path):
    """Write *model* to *path*, and return that."""
    path.write_bytes(model.SerializeToString())
    return path


def red(channel, full, rows=CELLS):
    """Return nodes and weights that give ``score``, (1, rows, 1): how red each cell is."""
    shape = numpy_helper.from_array(np.array([1, COARSE, 1]), "shape")
    nodes = [*convolved("red", "sum", CELL),
             make_node("Reshape", ["sum", "shape"], ["coarse"]),
             make_node("Concat", ["fine", "coarse"], ["all"], axis=1),
             make_node("Sigmoid", ["all"], ["score"])]
    weights = [constant("red weights", redness(channel, full)[None]), constant("red bias", [-3]),
               constant("fine", np.full((1, rows - COARSE, 1), -CERTAIN)), shape]
    return nodes, weights


def redness(channel, full):
    """Return the weights of three colours of which *channel* is red, up to *full*."""
    weights = np.full((3, 1, 1), -6 / full)
    weights[channel] = 6 / full
    return weights


def convolved(name, output, stride):
    """Return nodes that weigh the colours and take the mean of each cell."""
    return [make_node("Conv", ["images", f"{name} weights", f"{name} bias"],
                      [f"{name} of {output}"], kernel_shape=[1, 1]),
            make_node("AveragePool", [f"{name} of {output}"], [output],
                      kernel_shape=[stride] * 2, strides=[stride] * 2)]


def all_persons(rows, classes=3):
    """Return the constant ``classes``: all are of the first."""
    return constant("classes", np.tile(np.eye(1, classes), (1, rows, 1)))


def in_pixels(rows):
    """Return the constant ``boxes`` of all cells, as centre and extent [pixels]."""
    return with_fine(cells_in_pixels(), rows)


def with_fine(boxes, rows):
    """Return the constant ``boxes``, with empty ones before those of the coarse cells."""
    return constant("boxes", np.vstack([np.zeros((rows - COARSE, 4)), boxes])[None])


def cells_in_pixels():
    """Return centre and extent of the coarse cells [pixels]."""
    row, column = np.divmod(np.arange(COARSE), SIDE // CELL)
    centres = (np.column_stack([column, row]) + 0.5) * CELL
    return np.hstack([centres, np.full((COARSE, 2), CELL)])


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def model(made, constants, columns, shape, metadata, is_transposed=False, size=(SIDE, SIDE)):
    """Return the model that joins *columns* to ``output``, maybe as rows."""
    nodes, weights = made
    nodes.append(make_node("Concat", columns, ["joined" if is_transposed else "output"], axis=2))
    if is_transposed:
        nodes.append(make_node("Transpose", ["joined"], ["output"], perm=[0, 2, 1]))
    graph = make_graph(
        nodes, "tiny", [make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *size[::-1]])],
        [make_tensor_value_info("output", TensorProto.FLOAT, shape)], [*weights, *constants])
    finished = make_model(graph, opset_imports=[make_opsetid("", 11)], ir_version=6)
    set_model_props(finished, metadata)
    checker.check_model(finished)
    return finished
