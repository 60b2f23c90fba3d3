# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Encoded pictures become RGB whatever they are, or are refused with the reason."""

import io
import logging
import struct

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from re3_ros.errors import ImageError, SourceError
from re3_ros.images import (
    PictureFile,
    count_pictures,
    decode_compressed,
    decode_picture,
    read_picture,
)

H, W = 48, 64
KINDS = ["png", "jpeg", "tiff", "bmp", "webp", "ppm", "gif", "jp2"]


@pytest.fixture
def rgb():
    noise = np.random.default_rng(3).integers(0, 256, (H, W, 3), dtype=np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


@pytest.fixture
def grey(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def jpeg(rgb, **options):
    return saved(PIL.Image.fromarray(rgb), "jpeg", quality=90, **options)


def saved(picture, kind, **options):
    """Return the bytes of a Pillow picture as a file."""
    file = io.BytesIO()
    picture.save(file, {"jp2": "jpeg2000"}.get(kind, kind), **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_keeps_its_colours(rgb, kind):
    image = decode_picture(saved(PIL.Image.fromarray(rgb), kind))
    assert image.shape == (H, W, 3)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - rgb).mean() < (6 if kind in {"jpeg", "gif", "webp"} else 0.1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off_is_refused(rgb, kind, part):
    data = saved(PIL.Image.fromarray(rgb), kind)
    with pytest.raises(ImageError, match="'it' is no readable picture: "):
        decode_picture(data[: int(part * len(data))], "'it'")


@pytest.mark.parametrize("kind", ["png", "tiff", "ppm"])
@pytest.mark.parametrize("part", [0.5, 0.95])
def test_a_file_of_deep_colours_that_was_cut_off_is_refused(rgb, kind, part):
    data = cv2.imencode(f".{kind}", rgb.astype(np.uint16) * 16)[1].tobytes()
    with pytest.raises(ImageError):
        decode_picture(data[: int(part * len(data))])


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp", "webp", "ppm", "gif"])
@pytest.mark.parametrize("more", [64, 3 * H * W, 200_000])
def test_bytes_after_the_end_do_no_harm(rgb, kind, more):
    data = saved(PIL.Image.fromarray(rgb), kind)
    np.testing.assert_array_equal(decode_picture(data + bytes(more)), decode_picture(data))


@pytest.mark.parametrize("more", [0, 64, 200_000])
def test_a_jpeg_without_an_end_mark_is_whole(rgb, more):
    data = jpeg(rgb)
    assert data.endswith(b"\xff\xd9")
    np.testing.assert_array_equal(decode_picture(data[:-2] + bytes(more)), decode_picture(data))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("more", [0, 64, 200_000])
def test_a_jpeg_is_refused_wherever_it_was_cut_off(rgb, progressive, more):
    data = jpeg(rgb, progressive=progressive)
    for length in range(len(data) // 2, len(data) - 6, 7):
        with pytest.raises(ImageError, match="no readable picture: it is cut off"):
            decode_picture(data[:length] + bytes(more))


def test_an_end_mark_hides_no_missing_part(rgb):
    data = jpeg(rgb)
    with pytest.raises(ImageError, match="it is cut off"):
        decode_picture(data[: len(data) // 2] + b"\xff\xd9")


def test_a_grey_corner_is_no_missing_part(rgb):
    rgb[H // 2 :] = 128
    data = jpeg(rgb)
    assert (decode_picture(data)[-1, -1] == 128).all()


def test_a_preview_with_its_own_end_is_not_the_end(rgb):
    preview = jpeg(rgb[:16, :16])
    data = jpeg(rgb, exif=b"Exif\x00\x00" + preview)
    assert data.count(b"\xff\xd9") == 2
    with pytest.raises(ImageError, match="cut off"):
        decode_picture(data[: len(data) * 3 // 4])
    np.testing.assert_array_equal(decode_picture(data[:-2]), decode_picture(data))


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_grey_of_more_than_8_bits_is_stretched(grey, kind, bits):
    deep = grey.astype(np.uint16) << (bits - 8)
    image = decode_picture(cv2.imencode(f".{kind}", deep)[1].tobytes())
    assert np.ptp(image) > 200
    assert np.corrcoef(image[..., 0].ravel(), grey.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("kind", ["png", "tiff", "ppm"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_colours_of_more_than_8_bits_are_stretched(rgb, kind, bits):
    deep = rgb[..., ::-1].astype(np.uint16) << (bits - 8)
    image = decode_picture(cv2.imencode(f".{kind}", deep)[1].tobytes())
    assert np.ptp(image) > 200
    for channel in range(3):
        assert np.corrcoef(image[..., channel].ravel(), rgb[..., channel].ravel())[0, 1] > 0.999


def test_deep_files_and_deep_messages_give_the_same_pixels(grey):
    from re3_ros.images import decode_raw

    deep = grey.astype("<u2") * 16
    file = decode_picture(cv2.imencode(".png", deep)[1].tobytes())
    np.testing.assert_array_equal(file, decode_raw(deep.tobytes(), H, W, 2 * W, "mono16"))


@pytest.mark.parametrize("kind", ["tiff"])
def test_floating_point_is_stretched(grey, kind):
    image = decode_picture(saved(PIL.Image.fromarray(grey.astype(np.float32) / 99), kind))
    assert np.corrcoef(image[..., 0].ravel(), grey.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("deep", [False, True])
def test_where_white_is_zero_the_picture_is_no_negative(grey, deep):
    pixels = grey.astype(np.uint16) * 16 if deep else grey
    data = saved(PIL.Image.fromarray(pixels), "tiff")
    black, white = (struct.pack("<HHII", 262, 3, 1, meaning) for meaning in (1, 0))
    assert data.count(black) == 1
    image = decode_picture(data.replace(black, white))
    assert np.corrcoef(image[..., 0].ravel(), 255 - grey.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp"])
def test_pixels_are_taken_as_they_are_stored(rgb, orientation, kind):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    data = saved(PIL.Image.fromarray(rgb), kind, exif=exif)
    np.testing.assert_array_equal(
        decode_picture(data), decode_picture(saved(PIL.Image.fromarray(rgb), kind))
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK"])
@pytest.mark.parametrize("kind", ["png", "tiff", "jpeg", "webp", "gif", "bmp"])
@pytest.mark.filterwarnings("error")
def test_whatever_the_pixels_are_rgb_comes_out(rgb, mode, kind):
    picture = PIL.Image.fromarray(rgb).convert(mode)
    try:
        data = saved(picture, kind, **({"lossless": True} if kind == "webp" else {}))
    except (OSError, ValueError):
        pytest.skip(f"there is no {kind} of {mode}")
    expected = np.asarray(picture.convert("RGBA").convert("RGB"), int)
    assert np.abs(decode_picture(data) - expected).mean() < 8


def test_alpha_is_dropped(rgb):
    data = saved(PIL.Image.fromarray(np.dstack([rgb, np.zeros((H, W), np.uint8)])), "png")
    np.testing.assert_array_equal(decode_picture(data), rgb)


@pytest.mark.filterwarnings("error")
def test_a_palette_with_transparent_colours_keeps_them(rgb):
    picture = PIL.Image.fromarray(rgb).quantize(16)
    data = saved(picture, "png", transparency=bytes(range(16)))
    np.testing.assert_array_equal(decode_picture(data), np.asarray(picture.convert("RGB")))


def test_what_has_no_right_value_is_refused(rgb):
    data = cv2.imencode(".tiff", rgb.astype(np.float32))[1].tobytes()
    with pytest.raises(ImageError, match="not a usual JPEG, PNG, TIFF"):
        decode_picture(data)


@pytest.mark.parametrize("data", [b"", b"abc", b"%PDF-1.4 " * 9, b"\xff\xd8\xff\xe0" + bytes(20)])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ImageError, match=r"format 'jpeg' with .* bytes is no readable picture"):
        decode_compressed(data, "jpeg")


def test_a_small_file_of_a_huge_image_is_refused_unread(rgb):
    data = bytearray(jpeg(rgb))
    at = data.index(b"\xff\xc0") + 5
    assert data[at : at + 4] == H.to_bytes(2, "big") + W.to_bytes(2, "big")
    data[at : at + 4] = (9000).to_bytes(2, "big") * 2
    with pytest.raises(ImageError, match="9000 x 9000"):
        decode_compressed(bytes(data), "jpeg")


def test_compressed_depth_is_refused_by_name():
    with pytest.raises(ImageError, match="compressedDepth"):
        decode_compressed(bytes(40), "16UC1; compressedDepth")


@pytest.mark.parametrize("name", ["", "jpeg", "JPG", "bgr8; jpeg compressed bgr8", "mjpeg", "h264"])
def test_what_a_file_is_its_first_bytes_say(rgb, name):
    data = jpeg(rgb)
    np.testing.assert_array_equal(decode_compressed(data, name), decode_picture(data))


@settings(max_examples=50)
@given(st.data())
def test_damaged_files_give_an_image_or_an_image_error(data):
    image = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
    kind = data.draw(st.sampled_from(KINDS))
    file = bytearray(saved(PIL.Image.fromarray(image), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode_picture(bytes(file))
    except ImageError:
        return
    assert decoded.dtype == np.uint8
    assert decoded.ndim == 3


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.jpg is not a readable image: .*; replace it"):
        read_picture(path)


def stack(rgb, path, count=4, **options):
    """Write a file of several pictures, each a little darker; return their pixels."""
    images = [rgb // (k + 1) for k in range(count)]
    first, *rest = (PIL.Image.fromarray(i) for i in images)
    first.save(path, save_all=True, append_images=rest, **options)
    return images


SEVERAL = {"tiff": {}, "gif": {"duration": 40}, "png": {"duration": 40}, "webp": {"duration": 40}}


@pytest.mark.parametrize("kind", SEVERAL)
def test_the_pictures_of_a_file_are_read_one_by_one(rgb, tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    images = stack(rgb, path, **SEVERAL[kind])
    assert count_pictures(path) == 4
    pictures = PictureFile(path)
    for index, expected in enumerate(images):
        image, seconds = pictures.read(index)
        assert np.abs(image.astype(int) - expected).mean() < 8
        assert seconds == (0 if kind == "tiff" else 0.04)
    pictures.close()


@pytest.mark.parametrize("kind", SEVERAL)
def test_as_one_picture_the_first_is_taken_and_that_is_said(rgb, tmp_path, kind, caplog):
    path = tmp_path / f"a.{kind}"
    images = stack(rgb, path, **SEVERAL[kind])
    with caplog.at_level(logging.WARNING):
        image = read_picture(path)
    assert np.abs(image.astype(int) - images[0]).mean() < 8
    assert f"a.{kind} holds several pictures" in caplog.text


def test_a_photograph_with_a_preview_is_one_picture(rgb, tmp_path, caplog):
    path = tmp_path / "a.jpg"
    stack(rgb, path, 2, format="MPO")
    assert count_pictures(path) == 1
    with caplog.at_level(logging.WARNING):
        read_picture(path)
    assert not caplog.text


def test_deep_pages_are_stretched_too(grey, tmp_path):
    path = tmp_path / "a.tiff"
    pages = [PIL.Image.fromarray(grey.astype(np.uint16) << k) for k in range(4)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    pictures = PictureFile(path)
    for index in range(4):
        assert np.ptp(pictures.read(index)[0]) > 200
    pictures.close()


def test_deep_colours_of_several_pages_are_refused_with_the_reason(rgb, tmp_path):
    path = tmp_path / "a.tiff"
    assert cv2.imwritemulti(str(path), [rgb.astype(np.uint16) * 16] * 2)
    pictures = PictureFile(path)
    with pytest.raises(
        ImageError, match=r"picture 2 of .*a\.tiff is not readable: colours of more"
    ):
        pictures.read(1)
    pictures.close()


@pytest.mark.parametrize("end", [b"", bytes(5000), b"\xff\xd9" + bytes(5000)])
def test_nothing_is_printed_about_what_drivers_do(rgb, capfd, end):
    decode_picture(jpeg(rgb)[:-2] + end)
    assert capfd.readouterr() == ("", "")
