# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

from re3_ros.datasets import Still
from re3_ros.training._split import is_held_out, listed, split_held_out

HELD = [8, 17, 22, 24, 35, 46, 48, 59]
"""Of photo_0 to photo_59 at a tenth. Another answer would train on what was held out."""


def still(name, folder="folder"):
    return Still(Path(folder) / name, None, np.array([0.0, 0, 9, 9]), "CC0")


def photos(numbers):
    return [still(f"photo_{n}.jpg") for n in numbers]


def numbers_of(stills):
    return [int(s.image_path.stem.split("_")[1]) for s in stills]


def test_the_same_photographs_are_held_out_for_ever():
    training, held = split_held_out(photos(range(60)), 0.1)
    assert numbers_of(held) == HELD
    assert sorted(numbers_of(training) + HELD) == list(range(60))


def test_data_that_come_or_go_move_no_other():
    assert numbers_of(split_held_out(photos(range(0, 60, 2)), 0.1)[1]) == [8, 22, 24, 46, 48]
    more = [still(f"another_{n}.jpg", "elsewhere") for n in range(500)] + photos(range(60))
    held = [s for s in split_held_out(more, 0.1)[1] if s.image_path.parent.name == "folder"]
    assert numbers_of(held) == HELD


def test_the_folder_is_of_no_account():
    """The same photographs, packed or copied, stay on their side."""
    moved = [still(f"photo_{n}.jpg", "packed/shard") for n in range(60)]
    assert numbers_of(split_held_out(moved, 0.1)[1]) == HELD


def test_all_objects_of_a_photograph_go_together():
    training, held = split_held_out(photos([8, 8, 9, 9]), 0.1)
    assert (numbers_of(training), numbers_of(held)) == ([9, 9], [8, 8])


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_share_is_kept_to_and_grows_by_whole_photographs(share):
    held = numbers_of(split_held_out(photos(range(4000)), share)[1])
    assert abs(len(held) / 4000 - share) < 0.03
    assert set(held) <= set(numbers_of(split_held_out(photos(range(4000)), share + 0.2)[1]))


def test_listed_photographs_are_held_out_whatever_the_share():
    assert len(listed()) == 476
    assert all(is_held_out(name, 0.0) for name in listed())
    assert not is_held_out("photo_8.jpg", 0.0)
