"""
Lay weather, night and the faults of cameras over any frames, with their truth kept.

Nothing that is laid over is something an owner would call motion: what moved in the
frames is all that may be reported. Light is added and taken away where it adds up:
frames are made linear (a gamma of 2.2), and coded again after that. All is decided by
the seed. Speeds and sizes are in the frame's width, so any size of frames will do.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Image

Light = NDArray[Any]    # float32, linear BGR of shape (height, width, 3), 1.0 = white
Layer = NDArray[Any]    # float32, of shape (height, width)

GAMMA = 2.2
LINEAR = (np.arange(256) / 255.0).astype(np.float32) ** np.float32(GAMMA)
CODES = np.round(255 * np.linspace(0, 1, 4096) ** (1 / GAMMA)).astype(np.uint8)
TURN = 2 * math.pi


def lay(effect: str, frames: Sequence[Image], fps: float, seed: int) -> Iterator[Image]:
    """
    Yield *frames* with *effect* laid over them; ``none`` leaves them as they are.

    *effect* is one of ``EFFECTS``, or several with ``+`` between. Frames are ``uint8``
    BGR, all of one shape.
    """
    height, width = frames[0].shape[:2]
    rng = np.random.default_rng([seed, *effect.encode()])
    effects = [EFFECTS[each](Shot(width, height, fps, len(frames)), rng)
               for each in effect.split("+") if each != "none"]
    for number, frame in enumerate(frames):
        image = frame
        if any(type(each).light is not Effect.light for each in effects):
            light = LINEAR[frame]
            for each in effects:
                light = each.light(number, light)
            image = coded(light)
        for each in effects:
            image = each.encode(number, image)
        yield image


def coded(light: Light) -> Image:
    """Return *light* as a camera codes it."""
    return CODES[(np.clip(light, 0, 1) * (len(CODES) - 1)).astype(np.uint16)]


class Shot(NamedTuple):
    """What frames an effect is laid over."""

    width: int      # [pixels]
    height: int
    fps: float
    frames: int     # how many

    @property
    def scale(self) -> float:
        """Size of one pixel of a frame 400 px wide, which all sizes are given in."""
        return self.width / 400

    @property
    def area(self) -> float:
        """The frame in those of 400x300 pixels."""
        return self.width * self.height / 120_000

    def layer(self) -> Layer:
        """Return a layer of zeros."""
        return np.zeros((self.height, self.width), np.float32)

    def grid(self) -> tuple[Layer, Layer]:
        """Return the coordinates x and y of each pixel, from 0 to 1."""
        y, x = np.mgrid[0:self.height, 0:self.width].astype(np.float32)
        return x / self.width, y / self.height

    def wander(self, rng: np.random.Generator, seconds: float) -> NDArray[np.float32]:
        """Return one value a frame, of spread 1, that changes within *seconds*."""
        kept = math.exp(-1 / max(seconds * self.fps, 1e-3))
        values, value = np.empty(self.frames, np.float32), 0.0
        for number, fresh in enumerate(rng.standard_normal(self.frames)):
            value = kept * value + math.sqrt(1 - kept * kept) * fresh
            values[number] = value
        return values


class Noise:
    """Noise of spread 1: a different part of one tile for each frame."""

    margin = 64     # pixels by which the tile is larger

    def __init__(self, shot: Shot, rng: np.random.Generator, blur: float = 0.0) -> None:
        self.shape = shot.height, shot.width
        self.tile: Layer = rng.standard_normal(
            (shot.height + self.margin, shot.width + self.margin), np.float32)
        if blur:
            self.tile = cv2.GaussianBlur(self.tile, (0, 0), blur)
            self.tile = self.tile / np.std(self.tile)

    def draw(self, rng: np.random.Generator) -> Layer:
        """Return a layer of noise."""
        top, left = rng.integers(0, self.margin, 2)
        part = self.tile[top:top + self.shape[0], left:left + self.shape[1]]
        return part if rng.random() < 0.5 else -part


class Effect:
    """One effect on one shot, called for its frames in their order."""

    def __init__(self, shot: Shot, rng: np.random.Generator) -> None:
        self.shot = shot
        self.rng = rng
        self.prepare()

    def prepare(self) -> None:
        """Decide what is decided once for the whole shot."""

    def light(self, number: int, light: Light) -> Light:
        """Return the *light* of frame *number* with the effect."""
        return light

    def encode(self, number: int, image: Image) -> Image:
        """Return the coded *image* of frame *number* with the effect."""
        return image


class Rain(Effect):
    """
    Streaks as long as a drop falls during the exposure, and a veil behind them.

    Drops fall 2 to 20 m before the camera, at an angle that the wind changes slowly.
    """

    drops = 260         # in a frame of 400x300
    veil = 0.04

    def prepare(self) -> None:
        self.lean = 0.12 + 0.06 * self.shot.wander(self.rng, 3.0)     # [radians]
        self.gusts = np.clip(1 + 0.4 * self.shot.wander(self.rng, 2.0), 0.3, 2.0)

    def light(self, number: int, light: Light) -> Light:
        layer, rng, shot = self.shot.layer(), self.rng, self.shot
        sky = float(np.percentile(light[::4, ::4, 1], 90))
        count = rng.poisson(self.drops * self.gusts[number] * shot.area)
        distance = rng.uniform(2, 20, count)        # [m]
        length = 104 * shot.scale / distance * rng.uniform(0.7, 1.3, count)
        lean = self.lean[number] + rng.normal(0, 0.02, count)
        x = rng.uniform(-20, shot.width + 20, count)
        y = rng.uniform(-20, shot.height, count)
        ends = [x, y, x + length * np.sin(lean), y + length * np.cos(lean),
                np.maximum(1, np.round(4.8 * shot.scale / distance))]
        strength = rng.uniform(0.066, 0.22, count) * np.minimum(1, 5 / distance + 0.25)
        for (left, top, right, bottom, thick), bright in zip(
                np.stack(ends, 1).astype(int).tolist(), strength.tolist(), strict=True):
            cv2.line(layer, (left, top), (right, bottom), bright, thick, cv2.LINE_AA)
        streaks = cv2.GaussianBlur(layer, (3, 3), 0)[..., None] * max(0.15, sky)
        veiled = light * (1 - self.veil) + self.veil * 0.6 * sky
        return veiled + streaks * (1 - 0.5 * light)


class Snow(Effect):
    """
    Flakes that fall a metre a second, drift with the wind and flutter.

    Each is there in the next frame, lower; near ones are large and half transparent.
    """

    flakes = 170        # in a frame of 400x300

    def prepare(self) -> None:
        rng, shot = self.rng, self.shot
        count = int(self.flakes * shot.area)
        near = rng.random(count) < 0.03
        self.distance = np.where(       # [m]
            near, rng.uniform(1, 2, count), rng.uniform(3, 14, count))
        self.x = rng.uniform(0, shot.width, count)
        self.y = rng.uniform(0, shot.height, count)
        self.flutter = rng.uniform(0, TURN, count)
        self.wind = 0.5 * shot.wander(rng, 2.0)

    def light(self, number: int, light: Light) -> Light:
        speed = 330 * self.shot.scale / self.distance     # [pixels a second]
        self._fall(number, speed / self.shot.fps)
        layer = self._draw(speed)[..., None]
        white = max(0.25, float(np.percentile(light[::4, ::4, 1], 95)))
        snowed: Light = light * (1 - layer) + layer * np.float32(white)
        return snowed

    def _fall(self, number: int, step: NDArray[np.float64]) -> None:
        """Move each flake by its *step* [pixels]; below the frame it starts over."""
        shot = self.shot
        sway = 0.4 * np.sin(self.flutter + 6 * number / shot.fps)
        self.x += step * (self.wind[number] + sway)
        self.y += step * 1.2
        below = self.y > shot.height + 8
        self.y[below] = -8
        self.x[below] = self.rng.uniform(0, shot.width, int(below.sum()))
        self.x %= shot.width

    def _draw(self, speed: NDArray[np.float64]) -> Layer:
        layer = self.shot.layer()
        radius = np.maximum(0.6, 6.6 * self.shot.scale / self.distance)
        opacity = np.where(self.distance > 2.5, 0.75, 0.35)
        blur = 0.01 * speed         # half of the way during the exposure
        each = np.stack([self.x, self.y, radius, radius + blur], 1).astype(int).tolist()
        for (x, y, across, down), seen in zip(each, opacity.tolist(), strict=True):
            cv2.ellipse(layer, (x, y), (across, down), 0, 0, 360, seen, -1, cv2.LINE_AA)
        return cv2.GaussianBlur(layer, (3, 3), 0)


class InfraredNight(Effect):
    """
    A night camera's own lamp: no colour, darker edges, and the noise of a high gain.

    Shot and read noise, hot pixels, a lamp that flickers slowly, and the blotches that
    a denoiser leaves and that crawl.
    """

    level = 0.045       # mean light that the exposure arrives at
    read_noise = 0.0035

    def prepare(self) -> None:
        x, y = self.shot.grid()
        self.lamp = 1 / (1 + 7 * ((x - 0.5) ** 2 + (0.8 * (y - 0.55)) ** 2))
        self.flicker = 1 + 0.01 * self.shot.wander(self.rng, 0.5)
        self.hot = 0.02 * (self.rng.random(self.lamp.shape) < 2e-4).astype(np.float32)
        self.noise = Noise(self.shot, self.rng)
        self.denoised = Noise(self.shot, self.rng, blur=2.2)
        self.blotches = self.denoised.draw(self.rng)

    def light(self, number: int, light: Light) -> Light:
        grey = light @ np.array([0.2, 0.5, 0.3], np.float32)
        lit = grey * self.lamp * self.flicker[number]
        lit *= self.level / max(1e-3, float(lit.mean()))
        self.blotches = 0.75 * self.blotches + 0.6 * self.denoised.draw(self.rng)
        noise = self.noise.draw(self.rng) * np.sqrt(0.0006 * lit + self.read_noise ** 2)
        denoised = 0.35 * noise + 1.04 * cv2.blur(noise, (3, 3))
        dirty = lit + denoised + 0.2 * self.read_noise * self.blotches + self.hot
        return np.repeat(np.clip(2.6 * dirty, 0, 1)[..., None], 3, 2)


class Headlights(Effect):
    """
    The beams of a car out of sight, which turns: soft pools sweep over a dark scene.

    Every five to nine seconds, for one or two.
    """

    street_light = 0.10
    noise = 0.003

    def prepare(self) -> None:
        self.grain = [Noise(self.shot, self.rng) for _ in range(3)]
        self.x, self.y = self.shot.grid()
        self.sweeps: list[Sweep] = []
        begin = self.rng.uniform(2.5, 4)
        while begin * self.shot.fps < self.shot.frames:
            self.sweeps.append(Sweep(
                begin, self.rng.uniform(1, 2), bool(self.rng.random() < 0.5),
                self.rng.uniform(0.45, 0.8), self.rng.uniform(0.8, 1.6)))
            begin += self.rng.uniform(5, 9)

    def light(self, number: int, light: Light) -> Light:
        lamps = np.full_like(self.x, self.street_light)
        for sweep in self.sweeps:
            along = (number / self.shot.fps - sweep.begin) / sweep.seconds
            if 0 < along < 1:
                lamps += self._beams(sweep, along)
        lit = light * lamps[..., None]
        noise = np.dstack([each.draw(self.rng) for each in self.grain]) * self.noise
        noisy: Light = 2 * lit + noise * (1 + 6 * np.sqrt(np.clip(lit, 0, 1)))
        return noisy

    def _beams(self, sweep: "Sweep", along: float) -> Layer:
        """Return the light of both beams, *along* (0 to 1) the *sweep*."""
        middle = 1.6 * along - 0.3
        middle = middle if sweep.to_the_right else 1 - middle
        power = 0.5 * sweep.power * math.sin(math.pi * along)
        down = ((self.y - sweep.height) / 0.22) ** 2
        beams = [np.exp(-((self.x - middle - off) / 0.13) ** 2 - down)
                 for off in (-0.04, 0.04)]
        lit: Layer = np.float32(power) * (beams[0] + beams[1])
        return lit


class Sweep(NamedTuple):
    """One car's beams that sweep over the scene."""

    begin: float        # [s]
    seconds: float
    to_the_right: bool
    height: float       # of the middle of the beams, from 0 (top) to 1
    power: float


class Clouds(Effect):
    """
    Shadows of clouds that drift over the scene, with up to 55 % less light.

    The camera's exposure follows half of the mean, with a second of delay.
    """

    cell = 8            # pixels of the frame to one of the clouds' field

    def prepare(self) -> None:
        shot, rng = self.shot, self.rng
        speed = rng.uniform(20, 64) * shot.scale        # [pixels a second]
        self.step = speed / self.cell / shot.fps
        self.shape = shot.height // self.cell + 4, shot.width // self.cell + 5
        field: Layer = rng.standard_normal(
            (self.shape[0], self.shape[1] + int(shot.frames * self.step) + 2)).astype(
            np.float32)
        field = cv2.GaussianBlur(field, (0, 0), 9)
        field = (field - field.mean()) / field.std()
        self.field = (1 - 0.55 / (1 + np.exp(-3 * field))).astype(np.float32)
        self.exposure = 1.0

    def light(self, number: int, light: Light) -> Light:
        drifted = number * self.step
        whole = int(drifted)
        height, width = self.shape
        move = np.array([[1, 0, whole - drifted], [0, 1, 0]], np.float32)
        part = cv2.warpAffine(self.field[:, whole:whole + width], move, (width, height))
        large = cv2.resize(part, (width * self.cell, height * self.cell),
                           interpolation=cv2.INTER_CUBIC)
        shadow = large[self.cell:, self.cell:][:self.shot.height, :self.shot.width]
        wanted = float(shadow.mean()) ** -0.5
        self.exposure += (wanted - self.exposure) / self.shot.fps
        shaded: Light = light * (shadow * np.float32(self.exposure))[..., None]
        return shaded


class ExposureSteps(Effect):
    """
    An automatic exposure that jumps every few seconds, by up to a stop.

    Each jump takes two to six frames; the colour balance follows over two seconds.
    """

    def prepare(self) -> None:
        shot, rng = self.shot, self.rng
        self.gains = np.ones((shot.frames, 3), np.float32)
        gain, at = 1.0, rng.uniform(2, 4)
        while (begin := int(at * shot.fps)) < shot.frames:
            wanted = float(np.clip(gain * 2 ** rng.uniform(-1, 1), 0.5, 1.8))
            tint = rng.uniform(-0.06, 0.06, 3)
            since = np.arange(shot.frames - begin)[:, None]
            jumped = np.minimum(1, (since + 1) / rng.integers(2, 7))
            tinted = np.minimum(1, since / (2 * shot.fps))
            self.gains[begin:] = (gain + (wanted - gain) * jumped) * (1 + tint * tinted)
            gain, at = wanted, at + rng.uniform(3, 6)

    def light(self, number: int, light: Light) -> Light:
        exposed: Light = light * self.gains[number]
        return exposed


class Insects(Effect):
    """
    Moths near an infrared lamp, and a thread of a spider's web before the lens.

    The moths are blurred, bright, fast and erratic; one comes about every two seconds
    and stays for up to two. The thread is faint and sways.
    """

    def prepare(self) -> None:
        shot, rng = self.shot, self.rng
        self.night = InfraredNight(shot, rng)
        self.moths: list[Moth] = []
        at = 1.0
        while at * shot.fps < shot.frames:
            self.moths.append(self._moth(int(at * shot.fps)))
            at += rng.exponential(2.0)
        self.sway = shot.wander(rng, 0.6)
        self.thread = rng.uniform(0.1, 0.9) * shot.width

    def _moth(self, begin: int) -> "Moth":
        shot, rng = self.shot, self.rng
        frames = max(2, int(rng.uniform(0.3, 2) * shot.fps))
        speed = rng.uniform(250, 900) * shot.scale      # [pixels a second]
        headings = rng.uniform(0, TURN) + np.cumsum(rng.normal(0, 0.9, frames))
        steps = speed / shot.fps * rng.uniform(0.5, 1.3, frames)
        ways = np.stack([steps * np.cos(headings), steps * np.sin(headings)], 1)
        start = rng.uniform(0, 1, 2) * (shot.width, shot.height)
        size = rng.uniform(2.5, 11) * shot.scale
        return Moth(begin, start + np.cumsum(ways, 0), headings,
                    (int(size + 0.01 * speed), int(size)), rng.uniform(0.5, 1))

    def light(self, number: int, light: Light) -> Light:
        layer, scale = self.shot.layer(), self.shot.scale
        for moth in self.moths:
            age = number - moth.begin
            if 0 <= age < len(moth.path):
                x, y = moth.path[age]
                cv2.ellipse(layer, (int(x), int(y)), moth.axes,
                            math.degrees(moth.headings[age]), 0, 360, moth.brightness,
                            -1, cv2.LINE_AA)
        sway = float(self.sway[number])
        top = self.thread + 5 * sway * scale
        bottom = top + (40 + 8 * sway) * scale
        cv2.line(layer, (int(top), 0), (int(bottom), self.shot.height), 0.10,
                 max(1, int(4 * scale)), cv2.LINE_AA)
        glow = cv2.GaussianBlur(layer, (0, 0), 2.5 * scale)[..., None]
        return self.night.light(number, light) + glow


class Moth(NamedTuple):
    """One flight of one moth."""

    begin: int                      # number of its first frame
    path: NDArray[np.float64]       # its places, one a frame [pixels]
    headings: NDArray[np.float64]   # [radians]
    axes: tuple[int, int]           # of the ellipse that it looks like [pixels]
    brightness: float


class Shake(Effect):
    """A mast in the wind: two resonances of 1 to 3 px, with gusts and a little roll."""

    reach = 1.5     # [pixels at a width of 400]

    def prepare(self) -> None:
        shot, rng = self.shot, self.rng
        gusts = np.clip(0.6 + 0.5 * shot.wander(rng, 2.0), 0, 2) * self.reach
        at = TURN * np.arange(shot.frames) / shot.fps
        phase = rng.uniform(0, TURN, 4)
        self.across = gusts * (np.sin(1.5 * at + phase[0])
                               + 0.4 * np.sin(4.1 * at + phase[1]))
        self.down = 0.6 * gusts * (np.sin(1.7 * at + phase[2])
                                   + 0.4 * np.sin(4.6 * at + phase[3]))

    def light(self, number: int, light: Light) -> Light:
        shot, across = self.shot, float(self.across[number])
        middle = shot.width / 2, shot.height / 2
        move: NDArray[Any] = cv2.getRotationMatrix2D(middle, 0.08 * across, 1)
        move[:, 2] += np.array([across, self.down[number]]) * shot.scale
        return cv2.warpAffine(light, move, (shot.width, shot.height),
                              borderMode=cv2.BORDER_REFLECT)


class Lamp(Effect):
    """
    A warm lamp that is switched on and off every 5 to 10 s, and lights a part.

    Some flicker twice first. The exposure follows within a second.
    """

    ambient = 0.35

    def prepare(self) -> None:
        shot, rng = self.shot, self.rng
        self.on = np.zeros(shot.frames, bool)
        blink = max(1, int(0.12 * shot.fps))
        begin, on = int(rng.uniform(5, 10) * shot.fps), True
        while begin < shot.frames:
            end = begin + int(rng.uniform(5, 10) * shot.fps)
            self.on[begin:end] = on
            if on and rng.random() < 0.4:
                for dark in (begin + blink, begin + 3 * blink):
                    self.on[dark:dark + blink] = False
            begin, on = end, not on
        x, y = shot.grid()
        left, top = rng.uniform(0.2, 0.8), rng.uniform(0, 0.5)
        reach = 1 / (1 + ((x - left) / 0.35) ** 2 + ((y - top) / 0.4) ** 2)
        self.lamp = 1.1 * reach[..., None] * np.array([0.75, 0.95, 1.1], np.float32)
        self.exposure = 1.0

    def light(self, number: int, light: Light) -> Light:
        lit: Light = light * (self.ambient + self.on[number] * self.lamp)
        wanted = (0.18 / max(0.02, float(lit.mean()))) ** 0.35
        self.exposure += (wanted - self.exposure) * min(1, 1.5 / self.shot.fps)
        lit *= np.float32(self.exposure)
        return lit


class LowBitRate(Effect):
    """
    A starved encoder: coarse blocks, some of them not sent, and pops at key frames.

    A key frame comes every two seconds.
    """

    block = 8           # [pixels]

    def prepare(self) -> None:
        self.last: Image | None = None

    def encode(self, number: int, image: Image) -> Image:
        is_key = number % max(2, int(2 * self.shot.fps)) == 0
        quality = 22 if is_key else int(self.rng.integers(9, 15))
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        coarse: NDArray[Any] | None = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert coarse is not None
        if self.last is not None and not is_key:
            skipped = self._alike(coarse, self.last)
            coarse[skipped] = self.last[skipped]
        self.last = coarse
        return coarse

    def _alike(self, image: Image, last: Image) -> NDArray[np.bool_]:
        """Return where whole blocks differ so little that they are not sent."""
        rows, columns = self.shot.height // self.block, self.shot.width // self.block
        size = columns * self.block, rows * self.block
        difference = cv2.absdiff(image, last).max(2)[:size[1], :size[0]]
        means = cv2.resize(difference, (columns, rows), interpolation=cv2.INTER_AREA)
        alike = np.zeros(image.shape[:2], bool)
        alike[:size[1], :size[0]] = np.kron(
            means < 6, np.ones((self.block, self.block), bool))
        return alike


EFFECTS: dict[str, type[Effect]] = {
    "rain": Rain, "snow": Snow, "ir_night": InfraredNight, "headlights": Headlights,
    "clouds": Clouds, "exposure": ExposureSteps, "insects": Insects, "shake": Shake,
    "lamp": Lamp, "low_rate": LowBitRate}
