# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pickle

import numpy as np
import pytest

from re3_ros.datasets import FrameCache, read_image
from re3_ros.errors import SourceError

FRAME = 96 * 128 * 3


@pytest.fixture
def paths(tmp_path, frames, walk):
    """Return the paths of four frames."""
    frames(tmp_path, walk(4))
    return sorted(tmp_path.iterdir())


def test_a_frame_is_decoded_once(paths):
    cache = FrameCache(2 * FRAME)
    image = cache.read(paths[0])
    np.testing.assert_array_equal(image, read_image(paths[0]))
    paths[0].unlink()
    assert cache.read(paths[0]) is image


def test_the_least_recently_used_makes_room(paths):
    cache = FrameCache(2 * FRAME)
    kept = cache.read(paths[0])
    gone = cache.read(paths[1])
    cache.read(paths[0])
    cache.read(paths[2])
    assert cache.bytes == 2 * FRAME
    assert cache.read(paths[0]) is kept
    assert cache.read(paths[1]) is not gone


def test_what_is_too_large_is_not_kept(paths):
    cache = FrameCache(FRAME - 1)
    assert cache.read(paths[0]) is not cache.read(paths[0])
    assert cache.bytes == 0


def test_another_process_starts_empty(paths):
    cache = FrameCache(10 * FRAME)
    cache.read(paths[0])
    copy = pickle.loads(pickle.dumps(cache))
    assert (copy.limit, copy.bytes) == (10 * FRAME, 0)


def test_an_unreadable_frame_is_named(paths):
    paths[0].write_bytes(b"no image")
    with pytest.raises(SourceError, match=r"00000001.jpg is not a readable image"):
        FrameCache(FRAME).read(paths[0])
