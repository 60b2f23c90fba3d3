# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What simulated tracks contain, as a configuration says it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SimulatorConfig(BaseModel):
    """What happens in simulated tracks. Shares are of tracks; at 0 a thing never happens.

    The fields below ``mode`` add to its scenes. They need no place in the sequence of random
    numbers as long as they are 0: the same seed then gives the same track as without them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["scenes", "paper"] = Field(
        default="scenes",
        description="scenes: objects along their masks, moving camera, changing light; "
        "paper: the paper's patches over their own photograph (section IV-B), nothing added",
    )
    steady: bool = Field(
        default=False,
        description="growth, stretch and light keep within bounds and targets pause at times, as "
        "suits tracks of a hundred frames",
    )
    hide: float = Field(
        default=0.0, ge=0, le=1, description="share with the target fully covered, then seen again"
    )
    leave: float = Field(
        default=0.0, ge=0, le=1, description="share with the target off the screen, then back"
    )
    shake: float = Field(default=0.0, ge=0, le=1, description="share with a shaking camera")
    shake_size: float = Field(
        default=0.02, ge=0, le=0.5, description="typical jolt of a shaking camera, of its height"
    )
    tilt: float = Field(
        default=0.0, ge=0, le=1, description="share of targets that turn out of the picture plane"
    )
    bend: float = Field(
        default=0.0, ge=0, le=1, description="share of targets that sway like cloth or a swimmer"
    )
    renew: float = Field(
        default=0.0, ge=0, le=1, description="share of targets that come to look like another"
    )
    colour_drift: float = Field(
        default=0.0, ge=0, le=1, description="typical change of white balance, log of the gains"
    )
    motion_blur: float = Field(
        default=0.0, ge=0, le=1, description="share with blur along each layer's own motion"
    )
    compress: float = Field(
        default=0.0, ge=0, le=1, description="share seen through a soft lens, compressed as JPEG"
    )
    smallest: float = Field(
        default=14.0, ge=4, le=100, description="size of the smallest targets, in pixels of 320x240"
    )
    ground: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share, of pasted targets, over finely textured ground; over half of it they "
        "are hard to tell from the ground by their colours",
    )
    rivals: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share with one to three objects like the target that pass over it",
    )
    crowd: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share, of pasted targets, that are small, among ten like it",
    )
    far: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share, of pasted targets, of 10 to 20 pixels over "
        "moving ground, soft and compressed, seen by a shaking camera",
    )
    slow: float = Field(
        default=0.0, ge=0, le=1, description="share at a half to a quarter of the frame rate"
    )
