# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.errors import SourceError

META = """[METAINFO]
url: https://example.org/v?x=100%
begin: 00:00:31
anno_fps: 10Hz
object_class: wildcat
resolution: (128, 96)
"""


@pytest.fixture
def got10k(tmp_path, frames, lines, walk):
    """Return a root with one sequence of 5 frames in val and one in test, that with one box."""
    folder = tmp_path / "val" / "GOT-10k_Val_000001"
    frames(folder, walk(5))
    lines(folder / "groundtruth.txt", [[f"{v:.4f}" for v in box] for box in walk(5)])
    lines(folder / "absence.label", [0, 0, 1, 0, 0])
    lines(folder / "cover.label", [8, 4, 0, 6, 7])
    lines(folder / "cut_by_image.label", [0, 0, 0, 0, 1])
    (folder / "meta_info.ini").write_text(META)
    frames(tmp_path / "test" / "GOT-10k_Test_000001", walk(4))
    lines(tmp_path / "test" / "GOT-10k_Test_000001" / "groundtruth.txt", walk(1))
    (tmp_path / "val" / "list.txt").write_text("GOT-10k_Val_000001\n")
    return tmp_path


def test_reads_boxes_and_all_labels(got10k):
    (sequence,) = read_sequences(got10k, split="val")
    np.testing.assert_array_equal(sequence.truth[1], [12, 30, 32, 46])
    assert np.isnan(sequence.truth[2]).all()
    assert sequence.absent.tolist() == [False, False, True, False, False]
    assert sequence.occluded.tolist() == [False, True, True, False, False]
    np.testing.assert_allclose(sequence.visibility, [1, 0.525, 0, 0.825, 0.95])
    assert sequence.tags["cut_by_image"].tolist() == [False] * 4 + [True]
    assert sequence.object_class == "wildcat"


def test_the_test_set_has_one_label(got10k):
    (sequence,) = read_sequences(got10k / "test")
    assert sequence.labelled.tolist() == [True, False, False, False]
    assert np.isnan(sequence.truth).all(axis=1).tolist() == [False, True, True, True]


def test_all_that_is_there_by_default(got10k):
    names = ["GOT-10k_Val_000001", "GOT-10k_Test_000001"]
    assert [e.name for e in list_entries(got10k)] == names


def test_a_split_that_is_not_there(got10k):
    with pytest.raises(SourceError, match="has no folder train"):
        list_entries(got10k, "got10k", "train")


@pytest.mark.parametrize("name", ["absence.label", "cover.label", "cut_by_image.label"])
def test_labels_of_other_length(got10k, name):
    (got10k / "val" / "GOT-10k_Val_000001" / name).write_text("0\n1\n")
    with pytest.raises(SourceError, match=f"{name} has 2 marks; expected 5"):
        read_sequences(got10k, "got10k", "val")


def test_a_missing_frame(got10k):
    (got10k / "val" / "GOT-10k_Val_000001" / "00000003.jpg").unlink()
    with pytest.raises(SourceError, match=r"has 5 lines but .* holds 4 frames"):
        read_sequences(got10k, "got10k", "val")


def test_broken_meta_info(got10k):
    (got10k / "val" / "GOT-10k_Val_000001" / "meta_info.ini").write_text("object_class: cat")
    with pytest.raises(SourceError, match=r"meta_info.ini cannot be read"):
        read_sequences(got10k, "got10k", "val")
