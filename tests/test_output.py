"""One record stays one record in every format."""

import csv
import io
import json
import os

import pytest

from starlight.cli.output import COLUMNS, FORMATS, Writer
from starlight.detector.answer import Detection
from starlight.detector.previews import escape

ODD = os.fsdecode(b'a\n\x1b[31m,"caf\xe9".png')
FOUND = Detection(
    ODD, "stego", 0.98, "alpha", {"alpha": 0.98, "raw": 0.01}, "hello", "text of 5 bytes in alpha", ["a note"], 12.3456,
    0.5, 0.0005, "0123456789abcdef",
)  # fmt: skip


def written(form, *detections, encoding="utf-8"):
    stream = io.BytesIO()
    writer = Writer(stream, form, encoding)
    for detection in detections:
        writer.write(detection.to_dict())
    return stream.getvalue()


def test_columns_are_the_fields_of_a_detection():
    assert set(COLUMNS) == set(FOUND.to_dict())


def test_json_line_reads_back_whatever_the_name():
    lines = written("jsonl", FOUND, Detection("b.png", "unreadable", reason="truncated PNG")).splitlines()
    first, second = map(json.loads, lines)
    assert lines[0].isascii()
    assert first == FOUND.to_dict()
    assert os.fsencode(first["path"]) == b'a\n\x1b[31m,"caf\xe9".png'
    assert second["probability"] is None and second["technique"] is None and second["techniques"] == {}


def test_csv_reads_back_and_has_one_line_a_record():
    broken = Detection("a.png", "unreadable", reason="broken\u2028in\r\ntwo\x85")
    text = written("csv", FOUND, broken).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(text.splitlines()) == 3 and len(rows) == 2 and tuple(rows[0]) == COLUMNS
    assert rows[0]["path"] == 'a\\n\\x1b[31m,"caf\\xe9".png' == escape(ODD)
    assert rows[1]["reason"] == "broken\\u2028in\\r\\ntwo\\x85"
    assert json.loads(rows[0]["techniques"]) == FOUND.techniques
    assert json.loads(rows[0]["notes"]) == FOUND.notes


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_table_has_one_printable_line_a_file(encoding):
    text = written("table", FOUND, encoding=encoding).decode()
    assert text.count("\n") == 2
    assert all(line.isprintable() for line in text.splitlines())
    assert "98.00 %" in text and "caf\\xe9" in text


def test_table_never_claims_certainty():
    text = written("table", Detection("a", "clean", 0.0), Detection("b", "stego", 1.0)).decode()
    assert "0.01 %" in text and "99.99 %" in text


def test_unknown_numbers_are_refused_rather_than_invalid_json():
    with pytest.raises(ValueError):
        written("jsonl", Detection("a", "clean", float("nan")))


def test_formats():
    assert set(FORMATS) == {"table", "jsonl", "csv"}
