"""Collectors take what is exported: a parser of the text format, a real HTTP server."""

import json
import math
import re

import pytest
from local_servers import raw_server, web_server
from synthetic_predictions import make_predictions

from starlight import metrics
from starlight.errors import StarlightError
from starlight.monitor.collectors import export_jsonl, post, prometheus_text, write_prometheus
from starlight.monitor.runs import history

_LINE = re.compile(r'(starlight_[a-z0-9_]+)\{([a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*)\} (\S+)')


@pytest.fixture(scope="module")
def entry():
    frame = make_predictions(8)
    frame.loc[frame.category == "tiny", "category"] = 'odd "name\\with'
    measured = metrics.evaluate(frame, "v4")
    return history.make_entry(measured, version="v4", params="p", data="d", code="c", alerts=["fpr"])


def test_prometheus_text_keeps_the_grammar_and_the_figures(entry):
    text, seen = prometheus_text(entry), {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = _LINE.fullmatch(line).groups()
        assert (name, labels) not in seen
        seen[name, labels] = float(value)
    assert seen["starlight_fpr", 'model="v4"'] == entry["metrics"]["fpr"]
    detection = entry["metrics"]["techniques"]["lsb.rgb"]["detection"]
    assert seen["starlight_techniques_detection", 'model="v4",technique="lsb.rgb"'] == detection
    assert seen["starlight_alerts", 'model="v4"'] == 1
    assert all(math.isfinite(value) for value in seen.values())
    assert ("starlight_negatives_fpr", 'category="odd \\"name\\\\with",model="v4"') in seen


def test_prometheus_text_is_read_by_its_own_parser(entry):
    parser = pytest.importorskip("prometheus_client.parser")
    families = list(parser.text_string_to_metric_families(prometheus_text(entry)))
    values = {(s.name, s.labels.get("technique")): s.value for family in families for s in family.samples}
    assert values["starlight_techniques_detection", "alpha"] == entry["metrics"]["techniques"]["alpha"]["detection"]
    labels = [s.labels for f in families for s in f.samples if s.name == "starlight_negatives_fpr"]
    assert {"model": "v4", "category": 'odd "name\\with'} in labels


def test_files_are_replaced_as_a_whole(entry, tmp_path):
    path = write_prometheus(entry, tmp_path / "deep/starlight.prom")
    assert path.read_text(encoding="utf-8") == prometheus_text(entry)
    lines = export_jsonl([entry, entry], tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [entry, entry]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["all.jsonl", "deep", "starlight.prom"]


def test_posting_is_tried_again(entry):
    pauses = []
    with web_server(statuses=(500, 429)) as server:
        post(entry, f"http://127.0.0.1:{server.server_address[1]}/in", sleep=pauses.append)
    assert json.loads(server.kept[0]) == entry
    assert pauses == [1.0, 2.0]


def test_a_dead_endpoint_is_reported_without_its_secrets(entry):
    with pytest.raises(StarlightError, match=r"collector 127\.0\.0\.1: cannot be reached") as error:
        post(entry, "http://user:hush@127.0.0.1:9/secret", attempts=2, backoff_s=0)
    assert "hush" not in str(error.value) and "secret" not in str(error.value)
    with web_server(statuses=(404,) * 9) as server, pytest.raises(StarlightError, match="answered 404, 2 attempts"):
        post(entry, f"http://127.0.0.1:{server.server_address[1]}/in", attempts=2, backoff_s=0)
    with pytest.raises(StarlightError, match="no http"):
        post(entry, "file:///etc/passwd")


@pytest.mark.parametrize(
    "url", ["http://h:hush/", "http://[hush/", "http://h/a hush", "http://h/\nhush", "http://h:99999/hush"]
)
def test_an_odd_address_is_reported_without_being_repeated(entry, url):
    with pytest.raises(StarlightError, match="no http or https URL") as error:
        post(entry, url, attempts=1)
    assert "hush" not in str(error.value)


def test_an_answer_that_is_no_http_is_reported(entry):
    with raw_server(b"hello\r\n\r\n") as server, pytest.raises(StarlightError, match="BadStatusLine"):
        post(entry, f"http://127.0.0.1:{server.server_address[1]}/hush", attempts=1)


def test_a_redirection_is_no_delivery(entry):
    with web_server() as other:
        answer = f"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:{other.server_address[1]}/\r\n\r\n".encode()
        with raw_server(answer) as server, pytest.raises(StarlightError, match="answered 302"):
            post(entry, f"http://127.0.0.1:{server.server_address[1]}/", attempts=1)
    assert other.tries == 0


def test_a_user_in_the_address_is_sent_as_basic_authentication(entry):
    with raw_server(b"HTTP/1.0 200 OK\r\n\r\n") as server:
        post(entry, f"http://me:a%40b@127.0.0.1:{server.server_address[1]}/in", attempts=1)
    assert "Authorization: Basic bWU6YUBi" in server.kept[0] and "POST /in " in server.kept[0]
