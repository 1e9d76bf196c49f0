"""Simulated regressions raise exactly the alerts they should; no alert is lost on the way to people."""

import dataclasses
import json
import logging

import numpy as np
import pandas as pd
import pytest
from knobs import knobs
from local_servers import mail_server, web_server
from synthetic_predictions import CATEGORIES, make_predictions
from synthetic_run import make_curves, make_manifest

from starlight import metrics
from starlight.errors import StarlightError
from starlight.monitor import check_regressions, dataset_metrics, parse_training_logs
from starlight.monitor.alerts import AlertLog, AlertParams, AppriseChannel, channels_from, send_pending, summary, words

LIMITS = knobs(AlertParams, accuracy_over="protocol", imbalance_max=0.4)


@pytest.fixture(scope="module")
def healthy():
    return make_predictions(60)


@pytest.fixture(scope="module")
def baseline(healthy):
    return metrics.evaluate(healthy, "v4")


@pytest.fixture(scope="module")
def train(healthy):
    rows = make_manifest(healthy)
    return rows[rows.split == "train"]


def raised(predictions, baseline, limits=LIMITS, **more):
    found = check_regressions(metrics.evaluate(predictions, "v4"), baseline, limits, **more)
    levels = {"alert": set(), "warning": set()}
    for alert in found:
        levels[alert.level].add(alert.name)
    return levels["alert"], levels["warning"]


def changed(predictions, rows, **columns):
    frame = predictions.copy()
    for column, value in columns.items():
        frame.loc[rows, column] = value
    return frame


def first(mask, count):
    """The first rows of a mask."""
    return mask & (mask.cumsum() <= count)


def test_a_healthy_detector_raises_nothing(healthy, baseline, train):
    assert raised(healthy, baseline, dataset=dataset_metrics(healthy, train)) == (set(), set())


def test_a_single_false_alarm_warns_and_pages_nobody(healthy, baseline):
    frame = changed(healthy, first(healthy.kind == "clean", 1), v4_flagged=1)
    assert raised(frame, baseline) == (set(), {"fpr"})


def test_a_lost_technique_is_named(healthy, baseline):
    frame = changed(healthy, healthy.technique == "lsb.rgb", v4_flagged=0)
    assert raised(frame, baseline) == ({"accuracy", "accuracy_drop", "detection.lsb.rgb"}, set())


def test_a_category_of_false_alarms_is_named(healthy, baseline):
    frame = changed(healthy, first(healthy.category == "tiny", 12), v4_flagged=1)
    assert raised(frame, baseline) == ({"fpr", "fpr.tiny"}, {"accuracy"})


def test_a_false_alarm_in_one_of_many_small_categories_is_chance(healthy, baseline):
    frame = changed(healthy, first(healthy.category == "tiny", 1), v4_flagged=1)
    frame.loc[first(frame.category == "tiny", 1), "cover_id"] = "another"
    few = frame[(frame.kind != "negative") | frame.cover_id.isin([*healthy.cover_id.unique()[:30], "another"])]
    assert metrics.evaluate(few, "v4")["negatives"]["tiny"]["low"] > LIMITS.fpr_max
    assert raised(few, baseline) == (set(), {"fpr"})


def test_a_model_that_is_worse_all_over_drops(healthy, baseline):
    worse = make_predictions(60, quality={"v3": 1.0, "v4_base": 1.0, "v4": 0.8})
    alerts, _ = raised(worse, baseline)
    assert {"accuracy", "accuracy_drop", "fpr.natural_noise"} <= alerts
    assert {name for name in alerts if name.startswith("detection.")}


def test_the_same_detector_on_another_mix_is_no_drop(healthy, baseline):
    hill = healthy[healthy.technique == "hill"]
    more_hill = pd.concat([healthy, hill, hill], ignore_index=True)
    assert metrics.evaluate(more_hill, "v4")["accuracy"] < baseline["accuracy"] - 0.03
    assert raised(more_hill, baseline) == (set(), set())


def test_abstaining_is_no_way_to_a_low_false_positive_rate(healthy, baseline):
    frame = changed(healthy, healthy.label == 0, v4_ood=1, v4_flagged=0)
    assert raised(frame, baseline) == ({"abstained"}, set())


def test_a_flooded_category_unbalances_and_drifts(healthy, baseline, train):
    tiny = healthy[healthy.category == "tiny"]
    flood = pd.concat([tiny.assign(cover_id=f"flood_{n}_" + tiny.cover_id) for n in range(30)], ignore_index=True)
    flood["sample_id"] = [f"f{number:015x}" for number in range(len(flood))]
    frame = pd.concat([healthy, flood], ignore_index=True)
    alerts, _ = raised(frame, baseline, dataset=dataset_metrics(frame, train))
    assert {"imbalance", "drift.category"} <= alerts
    assert not {name for name in alerts if name.startswith(("fpr", "accuracy", "detection"))}


def test_a_drifted_submission_is_seen_in_what_drifted(healthy, baseline, train):
    frame = changed(healthy, healthy.label == 0, width=4000, height=3000)
    assert raised(frame, baseline, dataset=dataset_metrics(frame, train)) == ({"drift.size"}, set())


def test_a_few_covers_drift_by_chance_only(healthy, baseline, train):
    rng = np.random.default_rng(0)
    few = healthy[healthy.cover_id.isin(rng.choice(healthy.cover_id.unique(), 4, replace=False))]
    few = few[few.category.isin(["", *CATEGORIES[:3]])]
    alerts, _ = raised(few, None, dataset=dataset_metrics(few, train))
    assert not alerts


def test_imbalance_is_an_alert_and_a_folder_of_one_kind_a_warning(healthy, baseline):
    lopsided = healthy[(healthy.label == 0) | (healthy.technique == "alpha")]
    assert raised(lopsided, baseline, dataset=dataset_metrics(lopsided))[0] == {"imbalance"}
    clean = healthy[healthy.label == 0]
    assert raised(clean, baseline, dataset=dataset_metrics(clean)) == (set(), {"imbalance"})


def test_probabilities_off_by_a_factor_raise_the_alert_of_calibration(healthy, baseline):
    frame = healthy.assign(v4_probability=healthy.v4_probability / 10)
    assert raised(frame, baseline) == ({"calibration"}, set())
    few = frame[frame.cover_id.isin(frame.cover_id.unique()[:1])]
    assert "calibration" not in raised(few, None)[0]  # a score of images says little of calibration


def test_a_flood_of_copies_raises_the_alert_of_duplicates(healthy, baseline):
    copies = healthy[healthy.label == 0].head(60)
    assert raised(healthy, baseline, dataset=dataset_metrics(pd.concat([healthy, copies])))[0] == set()
    flooded = pd.concat([healthy, *[copies] * 3])
    assert "duplicates" in raised(flooded, baseline, dataset=dataset_metrics(flooded))[0]


def test_several_times_slower_than_before_is_a_warning(healthy, baseline):
    before = baseline | {"latency_p95_ms": 20.0}
    assert raised(healthy, before, latency_p95_ms=50.0) == (set(), set())
    assert raised(healthy, before, latency_p95_ms=200.0) == (set(), {"latency"})
    assert raised(healthy, before, latency_p95_ms=2000.0) == ({"latency"}, set())


def test_divergence_and_latency(tmp_path, healthy, baseline):
    make_curves(12).to_csv(tmp_path / "v3.csv", index=False)
    make_curves(12, diverge=True).to_csv(tmp_path / "base.csv", index=False)
    runs = parse_training_logs(tmp_path)
    assert raised(healthy, baseline, training=runs, latency_p95_ms=2000.0)[0] == {"training.base", "latency"}


def test_accuracy_over_all_or_over_the_protocol(healthy):
    assert "accuracy" in raised(healthy, None, knobs(AlertParams, accuracy_over="all"))[0]
    assert "accuracy" not in raised(healthy, None, LIMITS)[0]


def test_words_hold_value_interval_threshold_before_and_what_to_look_at(healthy, baseline):
    frame = changed(healthy, first(healthy.category == "tiny", 12), v4_flagged=1)
    found = check_regressions(metrics.evaluate(frame, "v4"), baseline, LIMITS)
    assert words(found[0]).startswith(
        "alert fpr: 1.538 % (0.797 % to 2.672 %), threshold 0.050 %, before 0.000 %; look at"
    )
    assert summary(found) == "2 alerts (fpr, fpr.tiny), 1 warning (accuracy)"
    assert summary([]) == "0 alerts, 0 warnings"


class Channel:
    """Takes messages, or fails as often as it is told."""

    def __init__(self, name="channel", failures=0):
        self.name, self.failures, self.taken, self.tries = name, failures, [], 0

    def send(self, title, body):
        self.tries += 1
        if self.failures:
            self.failures -= 1
            if self.failures % 2:
                raise ConnectionRefusedError
            return False
        self.taken.append((title, body))
        return True


@pytest.fixture
def alerts(healthy):
    frame = changed(healthy, first(healthy.category == "tiny", 12), v4_flagged=1)
    return check_regressions(metrics.evaluate(frame, "v4"), None, LIMITS)


def log_with(alerts, folder, when="2026-01-01"):
    log = AlertLog(folder / "alerts.jsonl")
    log.add(alerts, "v4", when)
    return log


def test_delivery_is_tried_again_with_growing_pauses(tmp_path, alerts):
    log, pauses, channel = log_with(alerts, tmp_path), [], Channel(failures=2)
    assert send_pending(log, [channel], attempts=4, backoff_s=0.5, sleep=pauses.append) == []
    assert pauses == [0.5, 1.0]
    assert channel.tries == 3 and len(channel.taken) == 1 and "fpr.tiny" in channel.taken[0][1]
    assert AlertLog(log.path).undelivered() == []


def test_a_dead_channel_loses_nothing_and_the_living_one_is_not_told_twice(tmp_path, alerts):
    dead, living = Channel("dead", failures=99), Channel("living")
    problems = send_pending(log_with(alerts, tmp_path), [living, dead], attempts=2, sleep=lambda s: None)
    assert problems == ["dead did not take 2 alerts; they wait in alerts.jsonl"]
    kept = AlertLog(tmp_path / "alerts.jsonl")
    assert [record["error"] for record in kept.undelivered()] == ["not taken by dead"] * 2
    dead.failures = 0
    again = log_with(alerts, tmp_path, "2026-01-02")  # the same figures: what waits is not queued twice
    assert len(again.undelivered()) == 2
    assert send_pending(again, [living, dead]) == []
    assert len(dead.taken) == 1 and len(living.taken) == 1
    assert AlertLog(again.path).undelivered() == []


def moved(alert, value, low, high, level="alert"):
    return dataclasses.replace(alert, value=value, low=low, high=high, level=level)


def test_an_alert_that_lasts_is_delivered_once_and_again_when_it_got_worse_or_comes_back(tmp_path, alerts):
    fpr, channel = moved(alerts[0], 0.01, 0.006, 0.016), Channel()
    rounds = [
        ([fpr], 1),
        ([fpr], 1),
        ([moved(fpr, 0.013, 0.009, 0.02)], 1),  # higher, but maybe by chance
        ([moved(fpr, 0.03, 0.02, 0.04)], 2),  # the whole interval is beyond what people were told
        ([moved(fpr, 0.03, 0.02, 0.04)], 2),
        ([moved(fpr, 0.001, 0.0001, 0.004, "warning")], 2),  # not over yet
        ([fpr], 2),
        ([], 2),
        ([fpr], 3),
    ]
    for day, (seen, delivered) in enumerate(rounds):
        log = AlertLog(tmp_path / "alerts.jsonl")
        log.add(seen, "v4", f"day {day}", "datasets")
        assert send_pending(log, [channel]) == [] and len(channel.taken) == delivered, day
    assert [record["over"] for record in AlertLog(log.path).records] == ["day 7", "day 7", ""]


def test_less_accuracy_is_worse_and_a_measure_without_interval_by_a_quarter(tmp_path, alerts):
    accuracy = dataclasses.replace(alerts[0], name="accuracy", value=0.98, low=0.97, high=0.985, threshold=0.99)
    latency = dataclasses.replace(alerts[0], name="latency", value=2000.0, low=2000.0, high=2000.0, threshold=1000.0)
    log = AlertLog(tmp_path / "alerts.jsonl")
    for accuracy_now, latency_now, number in (
        ((0.98, 0.97, 0.985), 2000.0, 2),
        ((0.97, 0.96, 0.982), 2200.0, 2),
        ((0.985, 0.98, 0.989), 1100.0, 2),
        ((0.9, 0.89, 0.91), 2400.0, 4),
    ):
        now = [moved(accuracy, *accuracy_now), moved(latency, *[latency_now] * 3)]
        log.add(now, "v4", "today")
        assert len(log.records) == number


def test_rounds_of_other_images_or_models_end_no_alert(tmp_path, alerts):
    log = AlertLog(tmp_path / "alerts.jsonl")
    log.add(alerts, "v4", "today", "datasets")
    log.add([], "v4", "today", "elsewhere")
    log.add([], "v3", "today", "datasets")
    assert not any(record["over"] for record in log.records)
    log.add(alerts, "v4", "today", "elsewhere")
    assert len(log.records) == 4 and len({record["id"] for record in log.records}) == 4


def test_without_channels_alerts_wait_in_the_log_and_warnings_do_not(tmp_path, alerts):
    log = log_with(alerts, tmp_path)
    assert send_pending(log, []) == []
    assert {record["name"] for record in AlertLog(log.path).undelivered()} == {"fpr", "fpr.tiny"}


@pytest.mark.parametrize(
    "line",
    [b"half a li", b"\xff\xfe", b'{"id": "a"}', b"[1]", b"null", {"value": "x"}, {"taken_by": 1}, {"over": None}],
)
def test_a_broken_log_is_named_and_kept(tmp_path, alerts, line):
    path = tmp_path / "alerts.jsonl"
    AlertLog(path).add(alerts[:1], "v4", "")
    if isinstance(line, dict):
        line = json.dumps(json.loads(path.read_bytes()) | line).encode()
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(StarlightError, match=r"alerts\.jsonl: line 2"):
        AlertLog(path)
    assert path.read_bytes().endswith(line)


def test_apprise_mails_to_a_real_server(tmp_path, alerts):
    pytest.importorskip("apprise")
    with mail_server() as server:
        port = server.server_address[1]
        url = f"mailto://me:hush@127.0.0.1:{port}?from=a@example.org&to=b@example.org&mode=insecure&smtp=127.0.0.1"
        channels = channels_from({"STARLIGHT_ALERT_URLS": url})
        problems = send_pending(log_with(alerts, tmp_path), channels, backoff_s=0)
    assert problems == []
    assert len(server.kept) == 1 and "Starlight v4: 2 alerts" in server.kept[0].replace("=20", " ").replace("_", " ")


def test_apprise_posts_to_a_real_webhook_after_an_error(tmp_path, alerts):
    pytest.importorskip("apprise")
    with web_server(statuses=(503,)) as server:
        environment = {"STARLIGHT_ALERT_URLS": f"json://127.0.0.1:{server.server_address[1]}/hook"}
        problems = send_pending(log_with(alerts, tmp_path), channels_from(environment), backoff_s=0)
    assert problems == [] and server.tries == 2
    assert "fpr.tiny" in json.loads(server.kept[0])["message"]


def test_no_credential_is_ever_repeated(tmp_path, alerts, caplog, capfd):
    pytest.importorskip("apprise")
    caplog.set_level(logging.DEBUG)
    urls = "json://user:hush-hush@127.0.0.1:9/token-of-mine"
    problems = send_pending(log_with(alerts, tmp_path), channels_from({"STARLIGHT_ALERT_URLS": urls}), attempts=1)
    with pytest.raises(StarlightError) as error:
        channels_from({"STARLIGHT_ALERT_URLS": "nonsense-hush-hush"})
    shown = " ".join(
        [*problems, str(error.value), caplog.text, *capfd.readouterr(), (tmp_path / "alerts.jsonl").read_text()]
    )
    assert problems and "hush-hush" not in shown and "token-of-mine" not in shown


def test_without_apprise_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    with pytest.raises(StarlightError, match=r"starlight\[monitor\]"):
        AppriseChannel("json://localhost")
    assert channels_from({}) == []
