# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import shutil

import cv2
import numpy as np
import pytest

from re3_ros.datasets import list_stills, read_stills
from re3_ros.errors import SourceError


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """Return a folder with six stills of a red ellipse each, the last without a mask."""
    root = tmp_path_factory.mktemp("data")
    mask = np.zeros((120, 160), np.uint8)
    cv2.ellipse(mask, (80, 60), (30, 20), 0, 0, 360, 255, -1)
    image = np.full((120, 160, 3), 90, np.uint8)
    image[mask > 0] = (0, 0, 255)  # OpenCV writes BGR
    for folder, picture in (("img", image), ("mask", mask)):
        (root / "stills" / folder).mkdir(parents=True)
        for i in range(6):
            cv2.imwrite(str(root / "stills" / folder / f"s{i}.png"), picture)
    rows = [
        f"img/s{i}.png,{f'mask/s{i}.png' * (i < 5)},drawn,CC0,160,120,50 40 61 41" for i in range(6)
    ]
    index = root / "stills" / "index.csv"
    index.write_text("\n".join(["file,mask,source,licence,w,h,box", *rows]))
    return root


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


def test_a_box_outside_is_named_and_left_out(data_root, tmp_path, caplog):
    shutil.copytree(data_root / "stills", tmp_path / "stills")
    index = tmp_path / "stills" / "index.csv"
    outside, tiny = (
        f"\nimg/s0.png,,drawn,CC0,160,120,{box}" for box in ("300 1 20 20", "1 1 4 20")
    )
    index.write_text(index.read_text() + outside + tiny)
    assert len(read_stills(tmp_path / "stills")) == 6
    assert "line 8: box (300, 1, 320, 21) lies outside the 160 x 120 image" in caplog.text
    assert "line 9" not in caplog.text


def test_the_layout_is_recognised(data_root):
    assert len(list_stills(data_root / "stills")) == 6
    assert len(list_stills(data_root / "stills", "index", limit=4)) == 4
