# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.errors import SourceError

OBJECT = """<object><trackid>{track}</trackid><name>n02084071</name><bndbox><xmax>{x2}</xmax>
<xmin>{x1}</xmin><ymax>{y2}</ymax><ymin>{y1}</ymin></bndbox><occluded>{occluded}</occluded>
<generated>0</generated></object>"""


def label(*objects):
    names = ("track", "x1", "y1", "x2", "y2", "occluded")
    inside = "".join(OBJECT.format(**dict(zip(names, o, strict=True))) for o in objects)
    return f"<annotation><size><width>128</width></size>{inside}</annotation>"


FIRST, SECOND, HIDDEN = (0, 10, 30, 29, 45, 0), (1, 5, 6, 7, 8, 0), (1, 5, 6, 7, 8, 1)


@pytest.fixture
def vid(tmp_path, frames, walk):
    """Return a root with a video of 4 frames in val and in train; two tracks in each."""
    videos = {
        "val/ILSVRC2015_val_00000000": [[FIRST], [FIRST, HIDDEN], [SECOND], [FIRST, HIDDEN]],
        "train/ILSVRC2015_VID_train_0000/t_00000001": [[FIRST], [FIRST, HIDDEN], [], [SECOND]],
    }
    for place, objects in videos.items():
        frames(tmp_path / "Data" / "VID" / place, walk(4), "{:06d}.JPEG", first=0)
        folder = tmp_path / "Annotations" / "VID" / place
        folder.mkdir(parents=True)
        for i, seen in enumerate(objects):
            (folder / f"{i:06d}.xml").write_text(label(*seen))
    return tmp_path


def test_each_track_becomes_a_sequence(vid):
    first, second = read_sequences(vid, split="val")
    assert [s.name for s in (first, second)] == [f"ILSVRC2015_val_00000000.{i}" for i in (0, 1)]
    np.testing.assert_array_equal(first.truth[0], [10, 30, 30, 46])
    assert first.absent.tolist() == [False, False, True, False]
    assert first.object_class == "n02084071"
    assert second.frames[0].name == "000001.JPEG"
    assert second.occluded.tolist() == [True, False, True]


def test_a_track_ends_with_its_last_box(vid):
    first, second = read_sequences(vid, split="train")
    assert [len(first), len(second)] == [2, 3]


def test_videos_of_train_lie_one_folder_deeper(vid):
    assert [e.name for e in list_entries(vid, "imagenet_vid", "train")] == ["t_00000001"]
    assert len(list_entries(vid)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation><object>", r"000001.xml cannot be read"),
        (label((0, "left", 2, 3, 4, 0)), r"000001.xml: an object's box .*left"),
    ],
)
def test_broken_labels_are_named(vid, text, message):
    folder = vid / "Annotations" / "VID" / "val" / "ILSVRC2015_val_00000000"
    (folder / "000001.xml").write_text(text)
    with pytest.raises(SourceError, match=message):
        read_sequences(vid, "imagenet_vid", "val")


def test_a_frame_without_label_file(vid):
    folder = vid / "Annotations" / "VID" / "val" / "ILSVRC2015_val_00000000"
    (folder / "000002.xml").unlink()
    with pytest.raises(SourceError, match=r"000002.xml cannot be read"):
        read_sequences(vid, "imagenet_vid", "val")


def test_a_folder_without_labels(tmp_path):
    (tmp_path / "Data").mkdir()
    with pytest.raises(SourceError, match=r"in layout imagenet_vid .* but Data/"):
        list_entries(tmp_path, "imagenet_vid")
