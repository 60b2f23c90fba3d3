# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.errors import ConfigError
from re3_ros.training import TrainingConfig
from re3_ros.training._data import read_data
from re3_ros.training._loader import Loader
from re3_ros.training._parallel import ProcessGroup


@pytest.fixture(params=["step", "track"])
def config(recipe, request):
    values = recipe(draw=request.param)
    values["stages"][0]["batch"] = 4
    return TrainingConfig.model_validate(values)


def unchanged(batch):
    return batch


def boxes(batch):
    return np.stack([track.boxes for track in batch.tracks])


@pytest.mark.parametrize("prefetch", [0, 2])
def test_processes_share_out_the_batch_of_one(config, data_root, prefetch):
    data = read_data(config, data_root)
    config = config.model_copy(update={"prefetch": prefetch})
    stage = config.stages[0]
    with (
        Loader(config, data, ProcessGroup(), unchanged) as whole,
        Loader(config, data, ProcessGroup(0, 2), unchanged) as first,
        Loader(config, data, ProcessGroup(1, 2), unchanged) as second,
    ):
        for step in range(3):
            every, even, odd = (loader.batch(stage, step) for loader in (whole, first, second))
            np.testing.assert_array_equal(boxes(every)[::2], boxes(even))
            np.testing.assert_array_equal(boxes(every)[1::2], boxes(odd))
            np.testing.assert_array_equal(every.choices.shift[:, 1::2], odd.choices.shift)


def test_steps_differ(config, data_root):
    data = read_data(config, data_root)
    with Loader(config, data, ProcessGroup(), unchanged) as loader:
        one, two = (loader.batch(config.stages[0], step) for step in (0, 1))
    assert not np.array_equal(boxes(one), boxes(two))


def test_a_stage_that_ends_early_wastes_what_was_drawn_ahead(config, data_root):
    data = read_data(config, data_root)
    ahead = config.model_copy(update={"prefetch": 3})
    with (
        Loader(ahead, data, ProcessGroup(), unchanged) as early,
        Loader(config, data, ProcessGroup(), unchanged) as plain,
    ):
        early.batch(config.stages[0], 0)
        one, two = (loader.batch(config.stages[1], 1) for loader in (early, plain))
    np.testing.assert_array_equal(boxes(one), boxes(two))


def test_what_is_drawn_ahead_is_prepared(config, data_root):
    seen = []
    ahead = config.model_copy(update={"prefetch": 1})
    with Loader(
        ahead, read_data(config, data_root), ProcessGroup(), lambda b: seen.append(b) or b
    ) as l:
        l.batch(config.stages[0], 0)
        second = l.batch(config.stages[0], 1)
    assert seen[0] is second


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(ConfigError, match="batch of 4 tracks does not divide among 3"):
        ProcessGroup(0, 3).part(4)
