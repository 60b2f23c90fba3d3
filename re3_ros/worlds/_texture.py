# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Natural ground from numbers alone: earth, stones and moss."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.images import Image

Field = NDArray[np.float32]
"""(H, W) or (H, W, 3) of colours or heights in 0 ... 1."""


def noise(
    rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 5
) -> Field:
    """Return smooth random heights (height, width), mean 0.5, whose largest hills span ``cell``."""
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for _ in range(octaves):
        shape = (int(height / cell) + 3, int(width / cell) + 3)
        coarse = rng.random(shape, np.float32)
        fine = cv2.resize(
            coarse, (round(shape[1] * cell), round(shape[0] * cell)), interpolation=cv2.INTER_CUBIC
        )
        total += weight * (fine[:height, :width] - 0.5)
        weight, cell = weight * 0.55, max(cell / 2, 1.0)
    return np.asarray(np.clip(0.5 + total / 1.6, 0, 1), np.float32)


def blend(below: Field, above: ArrayLike, mask: Field) -> Field:
    """Return ``above`` over ``below`` (H, W, 3) where ``mask`` (H, W) is 1."""
    weight = mask[..., None]
    return np.asarray(below + (np.asarray(above, np.float32) - below) * weight, np.float32)


def cells(
    rng: np.random.Generator, height: int, width: int, spacing: float
) -> tuple[NDArray[np.int32], Field]:
    """Return the Voronoi cell (H, W) of each pixel and its distance in pixels from the edge."""
    dots = np.full((height, width), 255, np.uint8)
    for y in np.arange(spacing / 2, height, spacing):
        for x in np.arange(spacing / 2, width, spacing):
            dy, dx = rng.uniform(-0.42, 0.42, 2) * spacing
            dots[int(np.clip(y + dy, 0, height - 1)), int(np.clip(x + dx, 0, width - 1))] = 0
    _, labels = cv2.distanceTransformWithLabels(
        dots, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    across = (labels[:, 1:] != labels[:, :-1])[:-1] | (labels[1:] != labels[:-1])[:, :-1]
    inside = np.pad((~across).astype(np.uint8), ((0, 1), (0, 1)), mode="edge")
    edge = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    return labels.astype(np.int32), np.asarray(edge, np.float32)


def relief(height: Field, strength: float) -> Field:
    """Return the light (H, W), about 1, that falls on heights from the upper left."""
    smooth = cv2.GaussianBlur(height, (0, 0), 1.0)
    slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) + cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(np.clip(1 + strength * slope, 0.35, 1.7), np.float32)


def gravel(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return ground of stones of two sizes with earth and moss between them."""
    ground = _earth(rng, height, width)
    for spacing, cover in ((13.0, 0.55), (34.0, 0.42)):
        ground = _stones(rng, ground, spacing, cover)
    moss = np.clip((noise(rng, height, width, 170) - 0.52) * 7, 0, 0.85)
    rough = noise(rng, height, width, 6, 3)[..., None]
    green = np.array([0.27, 0.34, 0.13], np.float32) * (0.5 + rough)
    return np.asarray(np.clip(blend(ground, green, moss.astype(np.float32)), 0, 1), np.float32)


def _earth(rng: np.random.Generator, height: int, width: int) -> Field:
    heights = noise(rng, height, width, 60, 6)
    dark, light = np.array([0.20, 0.15, 0.11]), np.array([0.48, 0.40, 0.31])
    colour = dark + (light - dark) * heights[..., None]
    return np.asarray(
        (colour * relief(noise(rng, height, width, 7, 3), 0.5)[..., None]).astype(np.float32),
        np.float32,
    )


def _stones(rng: np.random.Generator, ground: Field, spacing: float, cover: float) -> Field:
    height, width = ground.shape[:2]
    labels, edge = cells(rng, height, width, spacing)
    count = int(labels.max()) + 1
    there = rng.random(count) < cover
    tone = rng.uniform(0.26, 0.66, count)[:, None] + rng.normal(0, 0.014, (count, 3))
    tone = tone * np.array([1.06, 1.0, 0.90])
    gap = rng.uniform(0.05, 0.14, count) * spacing
    dome = np.clip((edge - gap[labels]) / (0.3 * spacing), 0, 1)
    body = np.clip((edge - gap[labels]) / 1.5, 0, 1) * there[labels]
    # Corners of the cells are sharp; stones are round.
    body = np.clip((cv2.GaussianBlur(body, (0, 0), spacing * 0.13) - 0.5) * spacing * 0.4, 0, 1)
    grain = 0.75 + 0.5 * noise(rng, height, width, max(4, spacing / 3), 4)
    light = relief(np.sqrt(dome).astype(np.float32) * spacing * 0.3, 0.16) * grain
    shadow = cv2.GaussianBlur(np.roll(body, (2, 2), (0, 1)).astype(np.float32), (0, 0), 2)
    dim = ground * (1 - 0.5 * shadow[..., None])
    return blend(dim, tone[labels] * light[..., None], body.astype(np.float32))


def to_uint8(colour: Field) -> Image:
    """Return colours in 0 ... 1 as uint8."""
    return np.asarray(np.clip(np.rint(colour * 255), 0, 255), np.uint8)
