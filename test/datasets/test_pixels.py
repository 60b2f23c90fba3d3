# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets have the pixels that folders and messages have."""

import cv2
import numpy as np
import PIL.Image
import pytest

from re3_ros.datasets import FramePaths, Sequence, Still
from re3_ros.errors import SourceError
from re3_ros.images import decode_raw
from re3_ros.simulation import read_clip

H, W = 48, 64
BOX = np.array([10.0, 10, 40, 40])


@pytest.fixture
def grey():
    return np.add.outer(np.arange(H), np.arange(W)).astype(np.uint16) * 2


def read(kind, path):
    """Return what a data set makes of an image file."""
    if kind == "still":
        return Still(path, None, BOX, "").image()
    if kind == "sequence":
        return Sequence("s", FramePaths(path.parent, [path.name]), BOX[None]).read(0)
    (path.parent / "groundtruth.txt").write_text("10,10,30,30")
    (path.parent / "img").mkdir()
    path.rename(path.parent / "img" / "1.jpg")
    return read_clip(path.parent).image(0)


KINDS = pytest.mark.parametrize("kind", ["still", "sequence", "clip"])


@KINDS
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_12_bits_in_16_are_those_of_a_message(tmp_path, grey, kind, suffix):
    path = tmp_path / f"1.{suffix}"
    cv2.imwrite(str(path), grey * 16)
    expected = decode_raw((grey * 16).tobytes(), H, W, 2 * W, "mono16")
    np.testing.assert_array_equal(read(kind, path), expected)
    assert np.ptp(expected) > 120


@KINDS
def test_boxes_count_pixels_as_they_are_stored(tmp_path, grey, kind):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "1.jpg"
    PIL.Image.fromarray(grey.astype(np.uint8)).save(path, exif=exif)
    assert read(kind, path).shape == (H, W, 3)


@KINDS
def test_a_file_that_was_cut_off_is_named(tmp_path, grey, kind):
    path = tmp_path / "1.jpg"
    PIL.Image.fromarray(grey.astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"1\.jpg is not a readable image: .*cut off"):
        read(kind, path)


def test_a_mask_that_was_cut_off_is_named(tmp_path, grey):
    path = tmp_path / "1.png"
    cv2.imwrite(str(path), grey.astype(np.uint8))
    mask = Still(path, path, BOX, "").mask()
    np.testing.assert_array_equal(mask, grey)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"1\.png is not a readable image"):
        Still(path, path, BOX, "").mask()


def test_hidden_files_are_no_frames_of_a_clip(tmp_path, grey):
    (tmp_path / "img").mkdir()
    cv2.imwrite(str(tmp_path / "img" / "1.jpg"), grey.astype(np.uint8))
    (tmp_path / "img" / "._1.jpg").write_bytes(b"Mac OS X")
    (tmp_path / "groundtruth.txt").write_text("10,10,30,30")
    assert len(read_clip(tmp_path).images) == 1
