# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import shutil

import numpy as np
import pytest

from re3_ros.errors import SourceError
from re3_ros.training import read_stills


def test_reads_boxes_masks_and_licences(data_root):
    stills = read_stills(data_root / "stills")
    assert [s.licence for s in stills] == ["CC0"] * 6
    assert stills[0].image().shape == (120, 160, 3)
    assert stills[5].mask() is None
    y, x = np.nonzero(stills[0].mask())
    np.testing.assert_array_equal(stills[0].box, [x.min(), y.min(), x.max() + 1, y.max() + 1])


def test_images_are_rgb(data_root):
    image = read_stills(data_root / "stills")[0].image()
    assert tuple(image[60, 80]) == (255, 0, 0)


def test_a_licence_can_be_left_out(data_root):
    assert read_stills(data_root / "stills", ("CC0",)) == []


def test_a_missing_index_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"index\.csv does not exist"):
        read_stills(tmp_path)


def test_a_broken_line_is_named(data_root, tmp_path):
    shutil.copytree(data_root / "stills", tmp_path / "stills")
    index = tmp_path / "stills" / "index.csv"
    index.write_text(index.read_text() + "\nimg/s0.png,,drawn,CC0,160,120,1 2 x 4")
    with pytest.raises(SourceError, match=r"line 8: .*'x'"):
        read_stills(tmp_path / "stills")


def test_an_unreadable_image_is_named(data_root, tmp_path):
    shutil.copytree(data_root / "stills", tmp_path / "stills")
    (tmp_path / "stills" / "img" / "s0.png").write_bytes(b"not a picture")
    with pytest.raises(SourceError, match=r"s0\.png is not a readable image"):
        read_stills(tmp_path / "stills")[0].image()
