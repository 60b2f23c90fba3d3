# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of images on disk."""

import cv2
import pytest


@pytest.fixture
def folder(tmp_path, doubles):
    """Return a folder of 12 images whose names sort by number, not by text."""
    path = tmp_path / "images"
    path.mkdir()
    for i in range(12):
        cv2.imwrite(str(path / f"f{i}.png"), doubles.picture(i)[..., ::-1])
    return path
