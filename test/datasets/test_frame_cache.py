# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pickle

import numpy as np
import pytest

from re3_ros.datasets import FrameCache, Still, StillCache
from re3_ros.errors import SourceError
from re3_ros.images import read_picture

FRAME = 96 * 128 * 3


@pytest.fixture
def paths(tmp_path, frames, walk):
    """Return the paths of four frames."""
    frames(tmp_path, walk(4))
    return sorted(tmp_path.iterdir())


def test_a_frame_is_decoded_once(paths):
    cache = FrameCache(2 * FRAME)
    image = cache.read(paths[0])
    np.testing.assert_array_equal(image, read_picture(paths[0]))
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


@pytest.fixture
def stills(paths):
    """Return two stills, the first with its own picture as mask."""
    box = np.array([10.0, 30, 30, 46])
    return [Still(paths[0], paths[0], box, ""), Still(paths[1], None, box, "")]


def test_stills_are_read_once(stills):
    cache = StillCache(10 * FRAME)
    image, mask = cache.read(stills[0])
    assert (image.shape, mask.shape) == ((96, 128, 3), (96, 128))
    stills[0].image_path.unlink()
    assert cache.read(stills[0])[0] is image
    assert cache.read(stills[1])[1] is None
    assert cache.bytes == 2 * FRAME + 96 * 128


def test_stills_make_room(stills):
    cache = StillCache(FRAME + 96 * 128)
    gone = cache.read(stills[0])[0]
    cache.read(stills[1])
    assert cache.bytes == FRAME
    assert cache.read(stills[0])[0] is not gone
    assert pickle.loads(pickle.dumps(cache)).bytes == 0
