# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from PIL import Image

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.errors import ConfigError, SourceError

# DAVIS and YouTube-VOS come with different palettes; the second has the same colour twice.
PALETTES = {
    "davis": [0, 0, 0, 128, 0, 0, 0, 128, 0] + [9] * 759,
    "youtube": [0, 0, 0, 236, 95, 103, 236, 95, 103] + [9] * 759,
}


def put_mask(path, boxes, palette="davis"):
    """Write a picture with palette whose pixels are the numbers of objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = np.zeros((96, 128), np.uint8)
    for number, (x, y, w, h) in boxes.items():
        numbers[y : y + h, x : x + w] = number
    picture = Image.fromarray(numbers, "P")
    picture.putpalette(PALETTES[palette])
    picture.save(path)


@pytest.fixture
def davis(tmp_path, frames, walk):
    """Return a root with a plain video and one of two objects, the second in frames 1 and 3."""
    for name in ("judo", "bear"):
        frames(tmp_path / "JPEGImages" / "480p" / name, walk(4), "{:05d}.jpg", first=0)
    folder = tmp_path / "Annotations" / "480p"
    for i in range(4):
        one = {1: (10 + i, 30, 20, 16)}
        put_mask(folder / "bear" / f"{i:05d}.png", {255: one[1]})
        put_mask(folder / "judo" / f"{i:05d}.png", {**one, 2: (60, 8, 9, 5)} if i % 2 else one)
    sets = tmp_path / "ImageSets"
    (sets / "2017").mkdir(parents=True)
    (sets / "2017" / "val.txt").write_text("judo\n")
    (sets / "2016").mkdir()
    pairs = [
        f"/JPEGImages/480p/bear/{i:05d}.jpg /Annotations/480p/bear/{i:05d}.png" for i in (0, 1)
    ]
    (sets / "2016" / "train.txt").write_text("\n".join(pairs))
    return tmp_path


def test_each_object_of_davis_becomes_a_sequence(davis):
    bear, first, second = read_sequences(davis)
    assert [s.name for s in (bear, first, second)] == ["bear", "judo.1", "judo.2"]
    np.testing.assert_array_equal(first.truth[2], [12, 30, 32, 46])
    np.testing.assert_array_equal(bear.truth[2], [12, 30, 32, 46])
    assert second.frames[0].name == "00001.jpg"
    assert second.absent.tolist() == [False, True, False]
    assert second.labelled is None


def test_lists_of_both_years(davis):
    assert [e.name for e in list_entries(davis, "davis", "2017/val")] == ["judo"]
    assert [e.name for e in list_entries(davis, "davis", "2016/train")] == ["bear"]
    with pytest.raises(ConfigError, match=r"test.txt is missing; give one of 2016/train, 2017/val"):
        list_entries(davis, "davis", "2017/test")


def test_a_picture_in_colour_is_no_mask(davis):
    path = davis / "Annotations" / "480p" / "judo" / "00002.png"
    Image.new("RGB", (8, 8)).save(path)
    with pytest.raises(SourceError, match=r"00002.png is a picture in colour"):
        read_sequences(davis, "davis", "2017/val")


def test_a_damaged_mask_is_named(davis):
    path = davis / "Annotations" / "480p" / "judo" / "00002.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(SourceError, match=r"00002.png is not a readable mask"):
        read_sequences(davis, "davis", "2017/val")


@pytest.fixture
def youtube(tmp_path, frames, walk):
    """Return a root with a video of 5 frames in train, of which the first, third and fifth have
    masks."""
    frames(tmp_path / "train" / "JPEGImages" / "0a1b", walk(5), "{:05d}.jpg", first=0, step=5)
    for i in (0, 10, 20):
        boxes = {1: (10 + i, 30, 20, 16)} | ({2: (60, 8, 9, 5)} if i < 20 else {})
        put_mask(tmp_path / "train" / "Annotations" / "0a1b" / f"{i:05d}.png", boxes, "youtube")
    objects = {"1": {"category": "penguin", "frames": ["00000"]}, "2": {"category": "person"}}
    meta = {"videos": {"0a1b": {"objects": objects}}}
    (tmp_path / "train" / "meta.json").write_text(json.dumps(meta))
    return tmp_path


def test_frames_of_youtube_without_mask_are_not_labelled(youtube):
    first, second = read_sequences(youtube)
    assert first.labelled.tolist() == [True, False, True, False, True]
    assert first.absent.tolist() == [False] * 5
    assert [first.object_class, second.object_class] == ["penguin", "person"]
    assert [p.name for p in second.frames] == ["00000.jpg", "00005.jpg", "00010.jpg"]
    np.testing.assert_allclose(first.interpolated().truth[1], [15, 30, 35, 46])


def test_the_split_itself_will_do(youtube):
    assert [e.name for e in list_entries(youtube / "train")] == ["0a1b"]
    assert [e.name for e in list_entries(youtube, "youtube_vos", "train")] == ["0a1b"]


@pytest.mark.parametrize("text", ["{", "{}", '{"videos": {"0a1b": {}}}', '{"videos": []}'])
def test_broken_meta_is_named(youtube, text):
    (youtube / "train" / "meta.json").write_text(text)
    with pytest.raises(SourceError, match=r"meta.json cannot be read"):
        list_entries(youtube)


def test_a_video_without_masks_is_named(youtube):
    (youtube / "train" / "Annotations" / "0a1b").rename(youtube / "train" / "Annotations" / "x")
    with pytest.raises(SourceError, match="0a1b holds no mask"):
        read_sequences(youtube)
