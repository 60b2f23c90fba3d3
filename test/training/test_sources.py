# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from re3_ros.boxes import from_xywh
from re3_ros.datasets import FrameCache, Sequence, list_entries
from re3_ros.errors import SourceError
from re3_ros.training._sources import DataSource, Videos, open_videos, visibility_of


def write_video(folder, frames=6, boxes=None):
    """Write a red object on noise that moves to the right, in the layout of GOT-10k."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines = []
    for i in range(frames):
        image = rng.integers(0, 90, (100, 140, 3), np.uint8)
        cv2.rectangle(image, (20 + 3 * i, 30), (49 + 3 * i, 69), (0, 0, 255), -1)
        cv2.imwrite(str(folder / f"{i + 1:08d}.jpg"), image)
        lines.append(boxes[i] if boxes else f"{20 + 3 * i},30,30,40")
    (folder / "groundtruth.txt").write_text("\n".join(lines))
    (folder / "cover.label").write_text("\n".join("8" * frames))
    return folder


@pytest.fixture
def root(tmp_path):
    """Return a data folder with two videos of GOT-10k."""
    for name in ("GOT-10k_Train_000001", "GOT-10k_Train_000002"):
        write_video(tmp_path / "got10k" / "train" / name)
    return tmp_path


SOURCE = DataSource(layout="got10k", path="got10k")


def opened(root, source=SOURCE, limit=1 << 30):
    (videos,) = open_videos([source], root, FrameCache(limit))
    return videos


def test_the_object_is_in_the_box(root):
    videos = opened(root)
    for seed in range(10):
        track = videos.draw(np.random.default_rng(seed), 5)
        assert len(track) == 5
        assert (track.visibility == 1).all()
        for i in range(5):
            inner = track.crop(i, track.boxes[i], 40, 2.0).astype(int)[12:28, 12:28]
            assert (inner[..., 0] - inner[..., 2]).mean() > 150


def test_a_track_depends_on_the_generator_alone_not_on_what_was_read_before(root):
    fresh, used = opened(root), opened(root, limit=100_000)
    for seed in range(20):
        used.draw(np.random.default_rng(seed), 7)
    one, two = (v.draw(np.random.default_rng(3), 7) for v in (fresh, used))
    np.testing.assert_array_equal(one.boxes, two.boxes)
    np.testing.assert_array_equal(one.images, two.images)


def test_frames_are_kept_up_to_a_number_of_bytes(root):
    videos = opened(root, limit=100_000)
    for seed in range(5):
        videos.draw(np.random.default_rng(seed), 6)
    assert 0 < videos.cache.bytes <= 100_000


def break_frame(folder):
    (folder / "00000003.jpg").write_bytes(b"no image")


def break_labels(folder):
    (folder / "groundtruth.txt").write_text("no,labels")


def empty_labels(folder):
    (folder / "groundtruth.txt").write_text("\n".join(["20,30,3,3"] * 6))


def move_outside(folder):
    (folder / "groundtruth.txt").write_text("\n".join(["200,30,30,40"] * 6))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (break_frame, "00000003.jpg is not a readable image"),
        (break_labels, "groundtruth.txt line 1: 'no,labels' is not x,y,w,h"),
        (empty_labels, "no frame shows the object in more than 4 x 4 pixels"),
        (move_outside, "box (200, 30, 230, 70) lies outside the 140 x 100 image"),
    ],
)
def test_bad_videos_are_named_once_and_others_drawn(root, caplog, damage, reason):
    damage(root / "got10k" / "train" / "GOT-10k_Train_000002")
    videos = opened(root)
    tracks = [videos.draw(np.random.default_rng(seed), 6) for seed in range(30)]
    again = [opened(root).draw(np.random.default_rng(seed), 6) for seed in range(30)]
    for one, two in zip(tracks, again, strict=True):
        np.testing.assert_array_equal(one.boxes, two.boxes)
    named = [r.getMessage() for r in caplog.records if reason in r.getMessage()]
    assert 1 <= len(named) <= 31  # once for each `Videos`
    assert all("skipped GOT-10k_Train_000002 of got10k" in message for message in named)
    caplog.clear()
    for seed in range(30):
        videos.draw(np.random.default_rng(seed), 6)
    assert not caplog.records


def test_nothing_usable_ends_with_an_error(root):
    for name in ("GOT-10k_Train_000001", "GOT-10k_Train_000002"):
        break_labels(root / "got10k" / "train" / name)
    with pytest.raises(SourceError, match="got10k gave no usable track in 1000 draws"):
        opened(root).draw(np.random.default_rng(0), 6)


def test_a_limit_keeps_always_the_same_videos(root):
    names = [[e.name for e in opened(root, limited(1)).entries] for _ in range(3)]
    assert names[0] == names[1] == names[2]
    assert len(names[0]) == 1
    assert len(opened(root, limited(5)).entries) == 2


def limited(number):
    return DataSource(layout="got10k", path="got10k", limit=number)


def test_clips_for_validation_are_read_when_asked_for(root):
    clips = opened(root).clips()
    assert [c.name for c in clips] == ["GOT-10k_Train_000001", "GOT-10k_Train_000002"]
    images = clips[0].images
    assert len(images) == 6
    assert [i.shape for i in images[4:]] == [(100, 140, 3)] * 2
    np.testing.assert_array_equal(images[1:][2:4][1], images[4])


@pytest.mark.parametrize("damage", [break_frame, break_labels, move_outside])
def test_bad_clips_for_validation_are_named_and_left_out(root, caplog, damage):
    damage(root / "got10k" / "train" / "GOT-10k_Train_000002")
    assert [c.name for c in opened(root).clips()] == ["GOT-10k_Train_000001"]
    assert "skipped GOT-10k_Train_000002 of got10k" in caplog.text


def test_a_wrong_folder_is_named(root):
    with pytest.raises(SourceError, match="in layout otb"):
        open_videos([DataSource(layout="otb", path="got10k")], root, FrameCache(1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"layout": "otp"}, "layout 'otp' is unknown; give videos"),
        ({"layout": "coco", "share": 2}, "share and role are for videos"),
        ({"layout": "otb", "share": 0}, "greater than 0"),
        ({"layout": "otb", "colour": 1}, "Extra inputs"),
    ],
)
def test_bad_settings(values, message):
    with pytest.raises(ValidationError, match=message):
        DataSource.model_validate({"path": "x", **values})


def test_visible_shares_follow_the_labels_of_the_data_set():
    truth = from_xywh(np.tile([1.0, 2, 30, 40], (4, 1)))
    truth[3] = np.nan
    plain = Sequence("s", [], truth)
    occluded = dataclasses.replace(plain, occluded=np.array([False, True, False, True]))
    shared = dataclasses.replace(occluded, visibility=np.array([1, 0.5, 0.9, 0.3]))
    assert visibility_of(plain, 0.2).tolist() == [1, 1, 1, 0]
    assert visibility_of(occluded, 0.2).tolist() == [1, 0.2, 1, 0]
    assert visibility_of(occluded, 1.0).tolist() == [1, 1, 1, 0]
    assert visibility_of(shared, 0.2).tolist() == [1, 0.5, 0.9, 0]


def test_tracks_begin_where_the_object_is_seen(root):
    folder = root / "got10k" / "train" / "GOT-10k_Train_000001"
    (folder / "cover.label").write_text("0\n1\n8\n1\n1\n0\n")
    videos = Videos(SOURCE, list_entries(folder, "got10k"), FrameCache(1 << 30))
    for seed in range(10):
        assert videos.draw(np.random.default_rng(seed), 4).visibility[0] == 1
