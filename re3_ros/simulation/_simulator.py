# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated tracks: objects of still photographs moving over other photographs.

After the paper's simulator (section IV-B), with whole masks as objects, a moving camera, rotation,
changing light, blur, parts of objects as targets, objects left in their own photograph, and
occluders that cover the target and uncover it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import area, centre, clip, size
from re3_ros.datasets import Still, StillCache
from re3_ros.errors import ConfigError
from re3_ros.images import Image

from ._config import SimulatorConfig
from ._effects import (
    Target,
    camera,
    chance,
    changed_appearance,
    ground,
    moved,
    occluder,
    tinted,
    vary,
)
from ._layers import Affine, Cutout, Layer, cut_object, cut_patch, flip, outline_of
from ._motion import Array, about, travel, wander
from ._paper import LEAST_AREA, large_enough, paper_track
from ._rivals import CROWD, crowd, kind_of, rival, tinted_like
from ._track import SCREEN, Look, Photometry, RivalKind, SimulatedTrack, thinned

MIN_SIDE = 8.0
LARGEST = 150.0
"""Size of the largest targets, in pixels of the screen."""
FAR_SIDES, CROWD_SIDES = (10.0, 20.0), (10.0, 28.0)
"""Least and greatest size of targets that are far, or in a crowd."""
_FAR = {"ground": 1.0, "shake": 1.0, "compress": 1.0}
CACHE_BYTES = 2 << 30
"""Bytes of photographs that stay in memory."""
_POINTS = 48
_TRIES = 1000


class Simulator:
    """Draws tracks from a set of stills; the same generator state gives the same track."""

    def __init__(
        self,
        stills: Sequence[Still],
        config: SimulatorConfig | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Keep the list; pixels are read when needed, ``cache_bytes`` of them stay in memory."""
        self.stills, self.config = stills, config or SimulatorConfig()
        self._pixels = StillCache(cache_bytes)

    def draw(self, rng: np.random.Generator, frames: int) -> SimulatedTrack:
        """Return a track whose target is large enough and well visible in its first frame."""
        if self.config.mode == "paper":
            return self._draw_paper(rng, frames)
        pace = int(rng.integers(2, 5)) if chance(rng, self.config.slow) else 1
        while True:
            track = self._attempt(rng, (frames - 1) * pace + 1)
            first = track.boxes[0]
            on_screen = area(clip(first, *SCREEN)) / max(float(area(first)), 1e-9)
            if track.visibility[0] > 0.7 and on_screen > 0.8 and size(track.boxes).min() > MIN_SIDE:
                return track if pace == 1 else thinned(track, pace)

    def _draw_paper(self, rng: np.random.Generator, frames: int) -> SimulatedTrack:
        for _ in range(_TRIES):
            still = self._any(rng)
            image = self._read(still)[0]
            if large_enough(still, image):
                return paper_track(rng, still, image, frames)
        raise ConfigError(
            f"none of {_TRIES} stills drawn shows an object of {LEAST_AREA:.0%} of its photograph; "
            "give stills with larger ones, or take `mode: paper` out of `simulator`"
        )

    def _attempt(self, rng: np.random.Generator, frames: int) -> SimulatedTrack:
        config, below, is_crowd = self.config, list[Layer](), False
        if rng.random() < 0.3:
            target, still = self._left_in_place(rng, frames)
            target = vary(rng, config, target)
        else:
            is_crowd, is_far = chance(rng, config.crowd), chance(rng, config.far)
            config = config.model_copy(update=_FAR) if is_far else config
            sides = FAR_SIDES if is_far else CROWD_SIDES if is_crowd else None
            target, still = self._pasted(rng, frames, sides)
            target = vary(rng, config, target)
            below = [
                self._background(rng, frames, target, config),
                *self._distractors(rng, frames, target),
            ]
        alike, kinds = self._alike(rng, target, still, is_crowd)
        above = [*alike, *self._occluders(rng, frames, target)]
        appearance = self._changed_appearance(rng, target)
        shake = camera(rng, config, frames)
        if shake is not None:
            target = replace(target, layer=moved(target.layer, shake))
            below, appearance, above, alike = (
                [moved(x, shake) for x in group] for group in (below, appearance, above, alike)
            )
        return SimulatedTrack(
            layers=(*below, target.layer, *appearance, *above),
            boxes=target.layer.boxes(),
            visibility=_visibility(target, above),
            photometry=_photometry(rng, config, frames),
            rivals=np.array([layer.boxes() for layer in alike]).reshape(-1, frames, 4),
            rival_kinds=tuple(kinds),
        )

    def _alike(
        self, rng: np.random.Generator, target: Target, still: Still, is_crowd: bool
    ) -> tuple[list[Layer], list[RivalKind]]:
        """Return objects like the target that come in its way, and those of a crowd."""
        chosen = [self._kin(rng, target, still) for _ in range(CROWD if is_crowd else 0)]
        layers = crowd(rng, target.layer, [cutout for cutout, _ in chosen])
        kinds = [RivalKind(look, "crowd") for _, look in chosen]
        if chance(rng, self.config.rivals):
            for _ in range(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15])):
                cutout, look = self._kin(rng, target, still)
                layer, way = rival(rng, target.layer, cutout)
                layers.append(layer)
                kinds.append(RivalKind(look, way))
        return layers, kinds

    def _kin(self, rng: np.random.Generator, target: Target, still: Still) -> tuple[Cutout, Look]:
        """Return an object like the target: itself, another of its kind, or one in its colours."""
        own, way = target.layer.cutout, rng.random()
        if own.alpha is None:
            own = cut_object(still.box, *self._read(still))
        look: Look = "tinted"
        if way < 0.4:
            alike, look = own, "own cut-out"
        elif way < 0.7 and len(family := self._families[kind_of(still)]) > 1:
            other = family[int(rng.integers(len(family)))]
            alike, look = cut_object(other.box, *self._read(other)), "same kind"
        else:
            alike = tinted_like(self._cutout(rng, patch=0.0), own)
        return flip(alike) if rng.random() < 0.5 else alike, look

    @cached_property
    def _families(self) -> dict[str, list[Still]]:
        """Stills by what kind of object they show."""
        families: dict[str, list[Still]] = {}
        for still in self.stills:
            families.setdefault(kind_of(still), []).append(still)
        return families

    def _read(self, still: Still) -> tuple[Image, NDArray[np.uint8] | None]:
        return self._pixels.read(still)

    def _any(self, rng: np.random.Generator) -> Still:
        return self.stills[int(rng.integers(len(self.stills)))]

    def _cutout(self, rng: np.random.Generator, patch: float, still: Still | None = None) -> Cutout:
        """Return a random object or, with probability ``patch``, a random piece of a still."""
        still = still or self._any(rng)
        if rng.random() < patch:
            cutout = cut_patch(self._read(still)[0], rng)
        else:
            cutout = cut_object(still.box, *self._read(still))
        return flip(cutout) if rng.random() < 0.5 else cutout

    def _side(self, rng: np.random.Generator, sides: tuple[float, float] | None = None) -> float:
        """Return the size (root of width times height) of a target in pixels of the screen."""
        low, high = sides or (self.config.smallest, LARGEST)
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def _left_in_place(self, rng: np.random.Generator, frames: int) -> tuple[Target, Still]:
        """Return the object of a photograph that moves as a whole, as under a moving camera."""
        still = self._any(rng)
        image, mask = self._read(still)
        corners = np.array([still.box[[0, 1]], still.box[[2, 1]], still.box[[0, 3]], still.box[2:]])
        cutout = Cutout(image, None, corners if mask is None else outline_of(mask))
        height, width = image.shape[:2]
        # Smaller, and most of the screen would be mirror images of the photograph.
        least = 1.0 if self.config.steady else 0.6
        smallest = least * max(SCREEN[0] / width, SCREEN[1] / height) * np.sqrt(area(still.box))
        side = max(self._side(rng), float(smallest))
        motion = _move(rng, frames, cutout, side, self.config.steady, free=False)
        inside = _sample(rng, mask) if mask is not None else _sample_box(rng, still.box)
        return Target(Layer(cutout, motion), inside), still

    def _pasted(
        self, rng: np.random.Generator, frames: int, sides: tuple[float, float] | None
    ) -> tuple[Target, Still]:
        """Return an object, or a part of one, that moves over another photograph, and its still."""
        still = self._any(rng)
        cutout = self._cutout(rng, 0.2, still)
        assert cutout.alpha is not None
        points = _sample(rng, cutout.alpha)
        if rng.random() < 0.25:
            part = _part(rng, cutout)
            points = _sample_box(rng, part)
            corners = np.array([part[[0, 1]], part[[2, 1]], part[[0, 3]], part[2:]])
            cutout = replace(cutout, outline=corners)
        motion = _move(rng, frames, cutout, self._side(rng, sides), self.config.steady)
        return Target(Layer(cutout, motion), points), still

    def _background(
        self, rng: np.random.Generator, frames: int, target: Target, config: SimulatorConfig
    ) -> Layer:
        image = self._read(self._any(rng))[0]
        if chance(rng, config.ground):
            image = ground(rng, target.layer.cutout.colours if rng.random() < 0.5 else image)
        height, width = image.shape[:2]
        zoom = max(SCREEN[0] / width, SCREEN[1] / height) * rng.uniform(1.0, 1.6)
        rate = abs(rng.laplace(0, 1.0))
        pan = np.stack([wander(rng, frames, rate), wander(rng, frames, rate)], axis=1)
        scale = zoom * np.exp(wander(rng, frames, 0.002))
        start = np.array(SCREEN) / 2 + rng.uniform(-20, 20, 2)
        motion = about(pan + start, scale, scale, np.zeros(frames), np.array([width, height]) / 2)
        return Layer(Cutout(image, None, np.array([[0.0, 0], [width, height]])), motion)

    def _distractors(self, rng: np.random.Generator, frames: int, target: Target) -> list[Layer]:
        """Return distractors that pass below the target; half of them look just like it."""
        layers = []
        for _ in range(rng.choice(3, p=[0.6, 0.25, 0.15])):
            alike = rng.random() < 0.5 and target.layer.cutout.alpha is not None
            cutout = target.layer.cutout if alike else self._cutout(rng, patch=0.3)
            side = float(np.sqrt(area(target.layer.boxes()[0]))) * rng.uniform(0.6, 1.4)
            layers.append(Layer(cutout, _move(rng, frames, cutout, side, self.config.steady)))
        return layers

    def _occluders(self, rng: np.random.Generator, frames: int, target: Target) -> list[Layer]:
        layers = []
        for _ in range(rng.choice(3, p=[0.4, 0.45, 0.15]) if frames > 2 else 0):
            cutout = self._cutout(rng, patch=0.6)
            layers.append(Layer(cutout, _pass_over(rng, target.layer, cutout)))
        if chance(rng, self.config.hide):
            layers += occluder(rng, self._read(self._any(rng))[0], target.layer.boxes())
        return layers

    def _changed_appearance(self, rng: np.random.Generator, target: Target) -> list[Layer]:
        """Return the appearance of another object, if the target is to take it on."""
        if target.layer.cutout.alpha is None or not chance(rng, self.config.renew):
            return []
        return changed_appearance(rng, target.layer, self._cutout(rng, patch=0.5).colours)


def _move(
    rng: np.random.Generator,
    frames: int,
    cutout: Cutout,
    side: float,
    steady: bool,
    free: bool = True,
) -> Affine:
    """Return (T, 3, 3): travel, shake, growth and rotation of a cutout ``side`` pixels large."""
    low, high = cutout.outline.min(0), cutout.outline.max(0)
    stretch = np.exp(rng.normal(0, 0.15 if free else 0.05))
    scale = side / np.sqrt(np.prod(high - low))
    width, height = (high - low) * scale
    if steady:
        grow = np.exp(_bounded(_drift(rng, frames, 0.012), 0.8 if free else 0.45))
        bend = np.exp(_bounded(_drift(rng, frames, 0.006 * free), 0.22))
    else:
        grow = np.exp(np.clip(_drift(rng, frames, 0.015), -1.0, 1.0))
        bend = np.exp(np.clip(_drift(rng, frames, 0.008 * free), -0.6, 0.6))
    turn = wander(rng, frames, abs(rng.normal(0, 0.03))) * (rng.random() < 0.5)
    place = _path(rng, frames, np.array([width, height]), steady)
    scale_x, scale_y = scale * stretch * grow * bend, scale / stretch * grow / bend
    return about(place, scale_x, scale_y, turn, (low + high) / 2)


def _drift(rng: np.random.Generator, frames: int, rate: float) -> Array:
    """Return (T,) a walk from 0 whose pace is drawn, typically ``rate`` per frame."""
    return wander(rng, frames, abs(rng.normal(0, rate)))


def _bounded(path: Array, limit: float) -> Array:
    """Return the path bent smoothly so as to stay within the limit, which may be infinite."""
    return path if np.isinf(limit) else np.asarray(limit * np.tanh(path / limit))


def _path(rng: np.random.Generator, frames: int, extent: Array, steady: bool) -> Array:
    """Return (T, 2) positions of the centre on the screen of something ``extent`` pixels large."""
    start = rng.uniform(0.1, 0.9, 2) * SCREEN
    slack = 0.6 if rng.random() < 0.1 else -0.2  # how far, in sizes, it may leave the screen
    room = np.concatenate([start, SCREEN - start]) / np.tile(extent, 2) + slack
    slow = rng.random() < 0.65
    speed = min(abs(rng.laplace(0, 0.03)), 0.2) if slow else rng.uniform(0, 0.22)
    path = travel(rng, frames, speed, np.maximum(room, 0.05))
    if steady and rng.random() < 0.3:  # it stands still now and then
        moving = wander(rng, frames, 1.0) + rng.normal(0, 5) > 0
        path = path[np.minimum(np.cumsum(moving), frames - 1)]
    if rng.random() < 0.35:
        path += rng.normal(0, rng.uniform(0.005, 0.05), (frames, 2))
    return start + path * extent


def _pass_over(rng: np.random.Generator, target: Layer, cutout: Cutout) -> Affine:
    """Return (T, 3, 3) of an occluder that comes, stays over the target for a while, and goes."""
    boxes = target.boxes()
    frames = len(boxes)
    extent = size(boxes[0]) * np.exp(rng.normal(0.0, 0.4, 2))
    low, high = cutout.outline.min(0), cutout.outline.max(0)
    scale_x, scale_y = (np.full(frames, s) for s in extent / (high - low))
    time = np.arange(frames) - rng.uniform(0, frames * 1.2)
    stay = rng.uniform(0, 0.3 * frames)
    away = np.sign(time) * np.maximum(np.abs(time) - stay, 0) * rng.uniform(0.05, 0.4)
    heading = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(heading), np.sin(heading)])
    reach = (size(boxes[0]) + extent) / 2
    offset = away[:, None] * direction * reach * 2 + rng.normal(0, 0.2, 2) * extent
    follow = rng.uniform(0, 1)  # 0: stands on the screen, 1: goes along with the target
    path = centre(boxes) * follow + centre(boxes[frames // 2]) * (1 - follow)
    return about(path + offset, scale_x, scale_y, np.zeros(frames), (low + high) / 2)


def _part(rng: np.random.Generator, cutout: Cutout) -> Array:
    """Return a box (4,) inside the cutout, 35 to 80 % of its width and height."""
    low, high = cutout.outline.min(0), cutout.outline.max(0)
    extent = (high - low) * rng.uniform(0.35, 0.8, 2)
    corner = low + rng.uniform(0, 1, 2) * (high - low - extent)
    return np.concatenate([corner, corner + extent])


def _sample(rng: np.random.Generator, mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    y, x = np.nonzero(mask > 127)
    chosen = rng.integers(len(x), size=_POINTS)
    return np.stack([x[chosen] + 0.5, y[chosen] + 0.5], axis=1)


def _sample_box(rng: np.random.Generator, box: Array) -> NDArray[np.float64]:
    return rng.uniform(box[:2], box[2:], (_POINTS, 2))


def _visibility(target: Target, above: Sequence[Layer]) -> NDArray[np.float64]:
    """Return (T,) the share of the target's points on the screen and under no other layer."""
    points = target.layer.screen(target.points)
    seen = ((points >= 0) & (points < SCREEN)).all(axis=-1)
    for layer in above:
        seen &= ~layer.covers(points)
    return np.asarray(seen.mean(axis=1))


def _photometry(rng: np.random.Generator, config: SimulatorConfig, frames: int) -> Photometry:
    value = np.linspace(0, 1, 256)
    most = (0.35, 0.3) if config.steady else (np.inf, np.inf)
    gain = np.exp(rng.normal(0, 0.12) + _bounded(_drift(rng, frames, 0.008), most[0]))
    gamma = np.exp(rng.normal(0, 0.2) + _bounded(_drift(rng, frames, 0.008), most[1]))
    tables = (255 * gain[:, None] * value ** gamma[:, None]).clip(0, 255).astype(np.uint8)
    side = rng.choice([1, 1, 3, 5], frames) if rng.random() < 0.2 else np.ones(frames, np.int64)
    photometry = Photometry(
        tables=tables,
        grey=bool(rng.random() < 0.12),
        noise=float(rng.uniform(0, 0.12)) if rng.random() < 0.2 else 0.0,
        blur=np.asarray(side, np.int64),
        seed=int(rng.integers(2**31)),
    )
    if config.colour_drift > 0:
        photometry = replace(photometry, tables=tinted(rng, tables, config.colour_drift))
    if chance(rng, config.motion_blur):
        photometry = replace(photometry, exposure=float(rng.uniform(0.3, 1.0)))
    if chance(rng, config.compress):
        soft = float(rng.uniform(0, 1.2))
        photometry = replace(photometry, soft=soft, quality=int(rng.integers(25, 80)))
    return photometry
