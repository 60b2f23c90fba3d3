# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json
import logging

import cv2
import numpy as np
import pytest
from PIL import Image

from re3_ros.datasets import list_stills
from re3_ros.errors import ConfigError, SourceError

OBJECT = """<object><name>dog</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>
<ymax>{}</ymax></bndbox></object>"""


def put_label(path, *boxes, size=""):
    """Write a label file of PASCAL VOC with boxes xmin, ymin, xmax, ymax."""
    path.parent.mkdir(parents=True, exist_ok=True)
    objects = "".join(OBJECT.format(*box) for box in boxes)
    path.write_text(f"<annotation>{size}{objects}</annotation>")


def put_picture(path, box, size=(640, 480)):
    """Write a dark picture with a red object at x, y, w, h."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((size[1], size[0], 3), 40, np.uint8)
    x, y, w, h = box
    image[y : y + h, x : x + w] = (0, 0, 255)  # OpenCV writes BGR
    cv2.imwrite(str(path), image)


def instance(key, image, box, segmentation, crowd=0):
    return {
        "id": key,
        "image_id": image,
        "bbox": box,
        "segmentation": segmentation,
        "iscrowd": crowd,
        "category_id": 18,
    }


@pytest.fixture
def coco(tmp_path):
    """Return a root with a picture of three objects: a polygon, run lengths and a crowd."""
    put_picture(tmp_path / "val2017" / "000000000009.jpg", (100, 80, 200, 120))
    polygon = [[100, 80, 300, 80, 300, 200, 100, 200]]
    runs = {"counts": [480 * 50, 480 * 40, 480 * 550], "size": [480, 640]}
    content = {
        "licenses": [{"id": 4, "name": "Attribution License"}],
        "images": [{"id": 9, "file_name": "000000000009.jpg", "width": 640, "height": 480}],
        "annotations": [
            instance(1, 9, [100, 80, 200, 120], polygon),
            instance(2, 9, [50, 0, 40, 480], runs),
            instance(3, 9, [0, 0, 640, 480], runs, crowd=1),
        ],
    }
    content["images"][0]["license"] = 4
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    return tmp_path


def edit(root, change):
    """Change the instances of a COCO root."""
    path = root / "annotations" / "instances_val2017.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_coco_is_shrunk_with_boxes_and_masks(coco):
    polygon, runs = list_stills(coco)
    assert polygon.licence == "Attribution License"
    np.testing.assert_allclose(polygon.box, [50, 40, 150, 100])
    image, mask = polygon.image(), polygon.mask()
    assert image.shape == (240, 320, 3)
    assert mask.shape == (240, 320)
    assert (image[mask > 127, 0] > 200).all()
    assert (image[mask < 1, 0] < 100).mean() > 0.99
    x = np.flatnonzero((runs.mask() > 127).any(axis=0))
    assert (x.min(), x.max()) == (25, 44)


def test_coco_in_full_size(coco):
    polygon, _ = list_stills(coco, "coco", "val2017", long_side=None)
    assert polygon.image().shape == (480, 640, 3)
    assert (polygon.mask() > 0).sum() == 200 * 120


def test_licences_and_small_objects_can_be_left_out(coco):
    assert len(list_stills(coco, least_area=0.07)) == 1
    with pytest.raises(SourceError, match="lists no object that may be used"):
        list_stills(coco, skip_licences=("Attribution",))


def test_a_limit_draws_always_the_same(coco):
    chosen = list_stills(coco, limit=1)
    assert [s.box.tolist() for s in chosen] == [list_stills(coco)[0].box.tolist()]


def test_a_box_outside_its_picture_is_named_and_left_out(coco, caplog):
    edit(coco, lambda c: c["annotations"][0].update(bbox=[700, 80, 200, 120]))
    assert len(list_stills(coco)) == 1
    assert "000000000009.jpg: box (350, 40, 450, 100) lies outside" in caplog.text


def test_a_picture_that_is_not_listed_is_named_and_left_out(coco, caplog):
    edit(coco, lambda c: c["annotations"].append(instance(7, 1234, [1, 2, 30, 40], [])))
    with caplog.at_level(logging.WARNING, "re3_ros.datasets"):
        assert len(list_stills(coco)) == 2
    assert "has objects of picture 1234, but not it" in caplog.text


def test_run_lengths_that_do_not_fit(coco):
    edit(coco, lambda c: c["annotations"][1]["segmentation"].update(counts=[5, 6]))
    with pytest.raises(SourceError, match="object 2: run lengths sum up to 11"):
        list_stills(coco)[1].mask()


def test_a_picture_of_another_size_is_refused(coco):
    put_picture(coco / "val2017" / "000000000009.jpg", (0, 0, 9, 9), (480, 640))
    with pytest.raises(SourceError, match="has 480 x 640 pixels, not 640 x 480"):
        list_stills(coco)[0].image()


def test_a_corrupt_picture_is_named(coco):
    (coco / "val2017" / "000000000009.jpg").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"000000000009.jpg is not a readable image"):
        list_stills(coco)[0].image()


def test_broken_instances_are_named(coco):
    (coco / "annotations" / "instances_val2017.json").write_text('{"images": []}')
    with pytest.raises(SourceError, match=r"cannot be read.*expected instances of COCO"):
        list_stills(coco)


def test_an_unknown_split_names_those_there(coco):
    with pytest.raises(ConfigError, match="no split 'train2017'; give one of val2017"):
        list_stills(coco, "coco", "train2017")


@pytest.fixture
def voc(tmp_path):
    """Return VOC2012 with two pictures, the first with two objects and their masks."""
    root = tmp_path / "VOC2012"
    for name in ("2007_000027", "2007_000032"):
        put_picture(root / "JPEGImages" / f"{name}.jpg", (20, 30, 60, 50), (160, 120))
        put_label(root / "Annotations" / f"{name}.xml", (21, 31, 80, 80), (101, 1, 160, 40))
    numbers = np.zeros((120, 160), np.uint8)
    numbers[30:80, 20:80] = 1
    numbers[0:40, 100:160] = 2
    numbers[29, 20:80] = 255
    masks = root / "SegmentationObject"
    masks.mkdir()
    picture = Image.fromarray(numbers, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [9] * 759)
    picture.save(masks / "2007_000027.png")
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "ImageSets" / "Main" / "val.txt").write_text("2007_000032\n")
    (root / "ImageSets" / "Main" / "dog_val.txt").write_text("2007_000032 -1\n")
    return tmp_path


def test_objects_of_voc_follow_the_order_of_their_labels(voc):
    first, second, unmasked, _ = list_stills(voc)
    np.testing.assert_array_equal(first.box, [20, 30, 80, 80])
    np.testing.assert_array_equal(second.box, [100, 0, 160, 40])
    assert first.image()[first.mask() > 0, 0].mean() > 200
    assert second.mask().sum() == 60 * 40 * 255
    assert unmasked.mask() is None


def test_lists_of_voc(voc):
    assert len(list_stills(voc / "VOC2012", "voc", "Main/val")) == 2
    with pytest.raises(
        ConfigError, match=r"Main/test.txt is missing; give one of Main/val as split"
    ):
        list_stills(voc, "voc", "Main/test")


def test_a_mask_without_the_object_is_named(voc):
    put_label(voc / "VOC2012" / "Annotations" / "2007_000027.xml", *[(1, 1, 50, 50)] * 3)
    with pytest.raises(SourceError, match="has no pixel of object 3"):
        list_stills(voc)[2].mask()


def test_missing_pictures_and_broken_labels_are_named_and_left_out(voc, caplog):
    (voc / "VOC2012" / "JPEGImages" / "2007_000027.jpg").unlink()
    assert len(list_stills(voc)) == 2
    (voc / "VOC2012" / "Annotations" / "2007_000032.xml").write_text("<annotation>")
    with pytest.raises(SourceError, match="no object that may be used"):
        list_stills(voc)
    assert "2007_000027.jpg is missing, though" in caplog.text
    assert "2007_000032.xml cannot be read" in caplog.text


SIZE = "<size><width>{}</width><height>{}</height><depth>3</depth></size>"


def test_the_size_that_labels_tell_is_trusted_until_the_picture_is_read(voc):
    path = voc / "VOC2012" / "Annotations" / "2007_000027.xml"
    put_label(path, (21, 31, 80, 80), size=SIZE.format(160, 120))
    assert list_stills(voc)[0].image().shape == (120, 160, 3)
    put_label(path, (21, 31, 80, 80), size=SIZE.format(0, 0))
    assert list_stills(voc)[0].image().shape == (120, 160, 3)
    put_label(path, (21, 31, 80, 80), size=SIZE.format(200, 120))
    with pytest.raises(SourceError, match="has 160 x 120 pixels, not 200 x 120"):
        list_stills(voc)[0].image()


@pytest.fixture
def det(tmp_path):
    """Return a root of ImageNet DET with a picture in a part of train and one in val."""
    for place in ("train/ILSVRC2014_train_0000/ILSVRC2014_train_00000001", "val/val_00000001"):
        put_picture(tmp_path / "Data" / "DET" / f"{place}.JPEG", (20, 30, 60, 50), (160, 120))
        put_label(tmp_path / "Annotations" / "DET" / f"{place}.xml", (20, 30, 79, 79))
    put_label(tmp_path / "Annotations" / "DET" / "val" / "val_00000002.xml")
    return tmp_path


def test_boxes_of_imagenet_det(det):
    (still,) = list_stills(det, split="train")
    np.testing.assert_array_equal(still.box, [20, 30, 80, 80])
    assert still.mask() is None
    assert len(list_stills(det)) == 2


def test_a_wrong_folder_names_what_is_known(tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(
        SourceError, match=r"holds no stills, but holiday.jpg. Expected coco: .*DET"
    ):
        list_stills(tmp_path)
    with pytest.raises(SourceError, match=r"Expected voc: Annotations"):
        list_stills(tmp_path, "voc")
    with pytest.raises(ConfigError, match="layout 'otb' of stills is unknown"):
        list_stills(tmp_path, "otb")
    with pytest.raises(SourceError, match="is not a folder"):
        list_stills(tmp_path / "x", "coco")
