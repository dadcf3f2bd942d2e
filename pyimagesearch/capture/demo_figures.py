"""The person and the car of the demo, drawn so that they are recognised as such."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Box, Image

Colour = tuple[int, int, int]           # blue, green, red
Place = tuple[float, float]             # in parts of the figure

STEPS = 6.0             # speed of the gait [radians/s]
SKIN, HAIR, SHOE = (150, 178, 214), (38, 48, 66), (30, 30, 34)
JACKET, NEAR_SLEEVE, FAR_SLEEVE = (150, 92, 40), (136, 82, 35), (118, 70, 30)
NEAR_LEG, FAR_LEG = (74, 58, 50), (56, 44, 38)
PAINT, SHADE, SHINE = (205, 200, 196), (148, 144, 141), (252, 248, 243)
GLASS, REFLECTION = (70, 58, 50), (120, 108, 98)
TYRE, RIM, SPOKE = (28, 28, 28), (165, 165, 168), (95, 95, 98)
HEADLAMP, REAR_LAMP = (225, 245, 250), (60, 50, 200)
BODY = ((0, .60), (.02, .50), (.10, .44), (.24, .40), (.36, .12), (.42, .07),
        (.62, .06), (.70, .10), (.84, .38), (.95, .44), (.98, .52), (1, .62), (1, .78),
        (.97, .86), (.03, .86), (0, .78))
SILL = ((0, .66), (1, .66), (1, .78), (.97, .86), (.03, .86), (0, .78))
WINDOWS = (((.29, .39), (.38, .15), (.42, .12), (.50, .12), (.50, .39)),
           ((.53, .39), (.53, .12), (.61, .12), (.67, .15), (.78, .39)))


class Figure:
    """
    Draw on *image*, with places and sizes in parts of a figure.

    Place (0, 0) is at *origin* [pixels], and a part as large as the figure has *unit*
    pixels across and down. Widths and radii are in parts of its height.
    """

    def __init__(self, image: Image, origin: Place, unit: Place) -> None:
        self._image = image
        self._origin = origin
        self._unit = unit

    def line(self, colour: Colour, width: float, *places: Place) -> None:
        """Draw a line with round ends through *places*."""
        cv2.polylines(self._image, [self._pixels(*places)], False, colour,
                      self._length(width), cv2.LINE_AA)

    def area(self, colour: Colour, *places: Place) -> None:
        """Fill the polygon with these corners."""
        cv2.fillPoly(self._image, [self._pixels(*places)], colour, cv2.LINE_AA)

    def disc(self, colour: Colour, middle: Place, across: float,
             down: float | None = None, begin: int = 0) -> None:
        """Fill an ellipse with the radii *across* and *down*, from an angle on."""
        (x, y), = self._pixels(middle).tolist()
        radii = self._length(across), self._length(down or across)
        cv2.ellipse(self._image, (x, y), radii, 0, begin, 360, colour, -1, cv2.LINE_AA)

    def _length(self, part: float) -> int:
        return max(1, round(part * self._unit[1]))

    def _pixels(self, *places: Place) -> NDArray[np.int32]:
        return np.round(np.multiply(places, self._unit) + self._origin).astype(np.int32)


def draw_person(image: Image, box: Box, seconds: float) -> None:
    """Draw a person who walks to the right, filling *box*."""
    left, top, right, bottom = box
    tall, swing = bottom - top, math.sin(STEPS * seconds)
    figure = Figure(image, ((left + right) / 2, top), (tall, tall))
    draw_arm(figure, swing, FAR_SLEEVE)
    draw_leg(figure, -swing, FAR_LEG)
    draw_leg(figure, swing, NEAR_LEG)
    figure.line(SKIN, .06, (0, .12), (0, .18))      # the neck
    figure.area(JACKET, (-.075, .19), (-.04, .165), (.04, .165), (.075, .20),
                (.08, .33), (.075, .53), (-.08, .53), (-.085, .33))
    draw_arm(figure, -swing, NEAR_SLEEVE)
    figure.disc(SKIN, (.006, .078), .052, .066)
    figure.disc(SKIN, (.06, .085), .012)            # the nose
    figure.disc(HAIR, (-.008, .052), .058, .052, begin=150)
    figure.disc(HAIR, (-.03, .08), .03, .045)


def draw_arm(figure: Figure, swing: float, colour: Colour) -> None:
    """Draw an arm that swings forward, from -1 to 1."""
    elbow = limb_end((0, .21), .15, .5 * swing)
    hand = limb_end(elbow, .14, .5 * swing + .35)
    figure.disc(SKIN, hand, .022)
    figure.line(colour, .055, (0, .21), elbow)
    figure.line(colour, .042, elbow, hand)


def draw_leg(figure: Figure, swing: float, colour: Colour) -> None:
    """Draw a leg that swings forward, from -1 to 1; behind, its knee is bent."""
    knee = limb_end((0, .50), .24, .40 * swing)
    foot = limb_end(knee, .235, .40 * swing - .12 + .3 * min(0.0, swing))
    figure.line(colour, .09, (0, .50), knee)
    figure.line(colour, .06, knee, foot)
    figure.line(SHOE, .035, (foot[0] - .012, foot[1] + .008),
                (foot[0] + .05, foot[1] + .008))


def limb_end(joint: Place, length: float, angle: float) -> Place:
    """Return where a limb ends that hangs from *joint*, *angle* [radians] forward."""
    return joint[0] + length * math.sin(angle), joint[1] + length * math.cos(angle)


def draw_car(image: Image, box: Box, seconds: float) -> None:
    """Draw a light car that drives to the left, filling *box*."""
    left, top, right, bottom = box
    figure = Figure(image, (left, top), (right - left, bottom - top))
    figure.area(PAINT, *BODY)
    figure.area(SHADE, *SILL)
    figure.line(SHINE, .025, (.03, .50), (.97, .50))
    for window in WINDOWS:
        figure.area(GLASS, *window)
    figure.area(REFLECTION, (.32, .39), (.39, .15), (.42, .15), (.36, .39))
    figure.area(REFLECTION, (.56, .39), (.60, .15), (.63, .15), (.60, .39))
    figure.line(SHADE, .02, (.512, .40), (.512, .82))       # the door
    figure.area(HEADLAMP, (.005, .54), (.05, .50), (.07, .58), (.005, .64))
    figure.area(REAR_LAMP, (.965, .50), (.99, .54), (.995, .62), (.95, .60))
    for along in .20, .79:
        draw_wheel(figure, (along, .83), -8 * seconds)


def draw_wheel(figure: Figure, middle: Place, angle: float) -> None:
    """Draw a wheel with its five spokes, turned by *angle* [radians]."""
    figure.disc(TYRE, middle, .17)
    figure.disc(RIM, middle, .11)
    for spoke in range(5):
        turned = angle + spoke * math.tau / 5
        # half as far across, as the car is about twice as long as tall
        end = middle[0] + .04 * math.cos(turned), middle[1] + .10 * math.sin(turned)
        figure.line(SPOKE, .02, middle, end)
