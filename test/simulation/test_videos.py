# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest

from re3_ros.boxes import size
from re3_ros.errors import SourceError
from re3_ros.simulation import read_clip, sample_track


def test_reads_images_and_boxes(data_root):
    clip = read_clip(data_root / "videos" / "one")
    assert len(clip.images) == 8
    np.testing.assert_array_equal(clip.boxes[1], [23, 30, 53, 70])
    assert np.isnan(clip.boxes[4]).all()


def test_tracks_longer_than_the_clip_go_to_and_fro(data_root):
    clip = read_clip(data_root / "videos" / "one")
    for seed in range(20):
        track = sample_track(np.random.default_rng(seed), [clip], 20)
        assert len(track) == 20
        assert np.isfinite(track.boxes).all()
        np.testing.assert_allclose(size(track.boxes), [[30, 40]] * 20)


def test_absence_is_invisible_and_holds_the_box(data_root):
    clip = read_clip(data_root / "videos" / "one")
    tracks = [sample_track(np.random.default_rng(seed), [clip], 8) for seed in range(10)]
    hidden = [(t, i) for t in tracks for i in range(1, 8) if t.visibility[i] == 0]
    assert hidden
    for track, i in hidden:
        np.testing.assert_array_equal(track.boxes[i], track.boxes[i - 1])


def test_mirrored_tracks_keep_the_object_in_the_box(data_root):
    clip = read_clip(data_root / "videos" / "one")
    for seed in range(20):
        track = sample_track(np.random.default_rng(seed), [clip], 3)
        seen = track.visibility > 0
        for i in np.flatnonzero(seen):
            crop = track.crop(int(i), track.boxes[i], 40, 2.0).astype(int)
            inner = crop[12:28, 12:28]
            assert (inner[..., 0] - inner[..., 2]).mean() > 150  # red inside the box
            assert (crop[:8, :, 0] - crop[:8, :, 2]).mean() < 30  # and not around it


def test_lines_and_images_must_match(data_root, tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "groundtruth.txt").write_text("1,2,3,4")
    with pytest.raises(SourceError, match="0 images but boxes of shape"):
        read_clip(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"groundtruth\.txt"):
        read_clip(tmp_path)


def write_labels(folder, text):
    (folder / "img").mkdir()
    cv2.imwrite(str(folder / "img" / "1.jpg"), np.zeros((60, 80, 3), np.uint8))
    (folder / "groundtruth.txt").write_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("100,2,30,40", r"frame 1: box \(100, 2, 130, 42\) lies outside the 80 x 60 image"),
        ("nan,nan,nan,nan", "no frame shows the object"),
    ],
)
def test_unusable_boxes_are_named(tmp_path, text, message):
    write_labels(tmp_path, text)
    with pytest.raises(SourceError, match=message):
        read_clip(tmp_path)
