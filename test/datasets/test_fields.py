# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Lines and numbers of label files, whichever program wrote them."""

import codecs
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.datasets import list_entries, list_stills
from re3_ros.datasets._entry import Entry
from re3_ros.datasets._fields import parse_numbers, read_text, split_line
from re3_ros.datasets._text import corners, read_lines, read_marks, read_rows
from re3_ros.errors import SourceError

ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32": b"",
}
NUMBERS = st.lists(
    st.floats(-1e4, 1e4).map(lambda v: round(v, 3)) | st.integers(-9999, 9999).map(float),
    min_size=4,
    max_size=4,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("labels") / "labels.txt"


@given(
    st.lists(NUMBERS, min_size=1, max_size=5),
    st.sampled_from(sorted(ENCODINGS)),
    st.sampled_from([",", ", ", ";", "; ", "\t", " ", " ,", "  "]),
    st.sampled_from(["", ",", ";", " ", "\t", ", "]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rows_are_read_in_any_encoding_and_with_any_separator(
    file, rows, encoding, separator, end, newline
):
    text = "".join(separator.join(map(str, row)) + end + newline for row in rows)
    file.write_bytes(ENCODINGS[encoding] + text.encode(encoding))
    np.testing.assert_array_equal(read_rows(file), rows)


@given(NUMBERS, st.sampled_from([";", "; ", "\t", " "]), st.sampled_from(["", ";", " "]))
def test_decimal_commas_between_other_separators(row, separator, end):
    line = separator.join(f"{v:.3f}".replace(".", ",") for v in row) + end
    np.testing.assert_allclose(parse_numbers(Path("a.txt"), 1, line), row, atol=5e-4)


@given(NUMBERS)
def test_decimal_commas_between_commas_are_no_row(file, row):
    file.write_text(",".join(f"{v:.2f}".replace(".", ",") for v in row))
    with pytest.raises(
        SourceError, match=r"line 1: .* holds 8 numbers; expected 4 .a decimal comma"
    ):
        read_rows(file)


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(file, data):
    file.write_bytes(data)
    for read in (read_rows, read_marks, lambda path: corners(path, read_rows(path))):
        with suppress(SourceError):
            read(file)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_without_a_mark(file, encoding):
    file.write_bytes("1,2,3,4\n5,6,7,8\n".encode(encoding))
    assert read_lines(file) == [(1, "1,2,3,4"), (2, "5,6,7,8")]


def test_latin_letters_in_eight_bits_are_refused_with_the_way_out(file):
    file.write_bytes(b"caf\xe9")
    with pytest.raises(SourceError, match=r"labels.txt cannot be read .* UTF-8 or UTF-16"):
        read_text(file)


def test_blanks_around_commas_make_them_separators():
    assert split_line("1, 2, 3, 4") == split_line("1 ,2 ,3 ,4") == ["1", "2", "3", "4"]


def test_rows_of_parts_are_named_by_the_lines_of_the_file():
    rows = np.array([[1.0, 2, 3, 4], [1, 2, -3, 4]])
    with pytest.raises(SourceError, match=r"a.txt line 8: \[1.0, 2.0, -3.0, 4.0\] is no box"):
        corners(Path("a.txt"), rows, first_line=7)


@pytest.mark.parametrize("text", ["0 1 nan", "0\ninf", "0.5"])
def test_marks_are_whole_numbers(file, text):
    file.write_text(text)
    with pytest.raises(SourceError, match=r"labels.txt line \d: .* no whole number"):
        read_marks(file)


def test_whatever_a_reader_raises_is_named(tmp_path):
    def broken():
        raise KeyError("x")

    with pytest.raises(SourceError, match=rf"{tmp_path}: the labels of ball .*KeyError"):
        Entry("ball", broken, tmp_path).read()


def test_numbers_that_are_none_are_named_in_other_readers(tmp_path, frames, walk):
    frames(tmp_path / "imagedata++" / "a" / "v", walk(6))
    label = tmp_path / "alov300++_rectangleAnnotation_full" / "a" / "v.ann"
    label.parent.mkdir(parents=True)
    for text, says in (
        ("1 1 1 9 1 9 9 1 9\nnan 1 1 9 1 9 9 1 9\n", "line 2: nan is no whole number"),
        ("1 1 1 9 1 9 9 1 9\n5 1 1 9 inf 9 9 1 9\n", "line 2: inf is not finite"),
        ("1 1 1 9 1 9 9 1 9\n7 1 1 9 1 9 9 1 9\n", "line 2 names frame 7"),
    ):
        label.write_text(text)
        (entry,) = list_entries(tmp_path, "alov")
        with pytest.raises(SourceError, match=f"v.ann {says}"):
            entry.read()


def test_a_sequence_shorter_than_what_its_benchmark_leaves_out(tmp_path, frames, walk, lines):
    frames(tmp_path / "Tiger1" / "img", walk(3))
    lines(tmp_path / "Tiger1" / "groundtruth_rect.txt", [[10, 30, 20, 16]] * 3)
    (entry,) = list_entries(tmp_path, "otb")
    with pytest.raises(SourceError, match="has 0 lines but"):
        entry.read()


@pytest.mark.parametrize("change", [{"width": 0}, {"width": "wide"}, {"width": float("inf")}])
def test_a_size_that_is_none_leaves_one_picture_out(tmp_path, caplog, change):
    size = {"width": 64, "height": 48}
    boxed = {"bbox": [1, 2, 30, 30], "segmentation": []}
    content = {
        "images": [{"id": i, "file_name": f"{i}.jpg", **size} for i in (1, 2)],
        "annotations": [{"id": i, "image_id": i, **boxed} for i in (1, 2)],
    }
    content["images"][0] |= change
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_val.json").write_text(json.dumps(content), "utf-16")
    assert len(list_stills(tmp_path, "coco")) == 1
    assert "left out" in caplog.text
