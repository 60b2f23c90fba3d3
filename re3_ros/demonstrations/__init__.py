# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations: data sets to learn from, an episode for each time that a task was shown.

In come bags (`record_episode`), or images, tracks, joint states and commands as they arrive
(`EpisodeBuilder`); out go episodes of a LeRobotDataset v3.0, or of an HDF5 file in robomimic's
layout (`open_store`), each whole or not at all.
"""

from ._builder import EpisodeBuilder, EpisodeOptions, EpisodeSummary
from ._features import ACTION, STAMP, STATE, target_key
from ._from_bag import EpisodeTopics, record_episode, record_recorded_episode
from ._lerobot import LeRobotStore
from ._open import FORMATS, open_store
from ._robomimic import RobomimicStore
from ._series import COMMANDS, JOINTS, STATES, TOLERANCE, TWIST, TWIST_STAMPED, Series
from ._store import EpisodeStore

__all__ = [
    "ACTION",
    "COMMANDS",
    "FORMATS",
    "JOINTS",
    "STAMP",
    "STATE",
    "STATES",
    "TOLERANCE",
    "TWIST",
    "TWIST_STAMPED",
    "EpisodeBuilder",
    "EpisodeOptions",
    "EpisodeStore",
    "EpisodeSummary",
    "EpisodeTopics",
    "LeRobotStore",
    "RobomimicStore",
    "Series",
    "open_store",
    "record_episode",
    "record_recorded_episode",
    "target_key",
]
