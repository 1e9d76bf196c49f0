"""A folder scanned or judged on a Dask cluster: the answers of one machine, though a worker is killed meanwhile."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import tiny
from knobs import knobs
from submission_factory import submission

from starlight.cli.cluster import ClusterPool
from starlight.cli.inputs import Source
from starlight.cli.main import main
from starlight.cli.tasks import loader
from starlight.detector.answer import Detection
from starlight.detector.detector import Detector
from starlight.errors import StarlightError
from starlight.scan.scan import ScanParams, scan

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        yield cluster


def workers(cluster) -> list[int]:
    with distributed.Client(cluster, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def without_time(records):
    return [{k: v for k, v in record.items() if k != "ms"} for record in records]


def test_a_folder_is_judged_the_same_with_a_worker_killed_meanwhile(cluster, tmp_path, monkeypatch):
    files = tiny.images(tmp_path / "inbox", 18)
    (tmp_path / "inbox/broken.png").write_bytes(b"no image")
    files = sorted([*files, tmp_path / "inbox/broken.png"])
    model = tiny.weights(tmp_path / "w.safetensors")
    monkeypatch.chdir(tmp_path)
    expected = without_time(d.to_dict() for d in Detector.load(model).detect_many(f"inbox/{f.name}" for f in files))
    pool = ClusterPool(loader("stego", str(model), "torch", None), cluster.scheduler_address)
    found = []
    for record in pool.results(Source(f"inbox/{f.name}") for f in files):
        if not found:
            os.kill(workers(cluster)[0], signal.SIGKILL)
        found.append(record)
    assert without_time(found) == expected and len({record["verdict"] for record in found}) > 1
    assert "tiny" in pool.description


def test_as_typed(cluster, tmp_path, capfd, monkeypatch):
    """From another folder than the workers': paths, weights and pages are found all the same."""
    tiny.images(tmp_path / "inbox", 3)
    tiny.weights(tmp_path / "w.safetensors", threshold=-30)
    monkeypatch.chdir(tmp_path)
    words = ["inbox", "gone.png", "--model", "w.safetensors", "--format", "jsonl", "--report", "p.html", "--explain"]
    status = main(["detect", *words, "--scheduler", cluster.scheduler_address])
    out, err = capfd.readouterr()
    records = list(map(json.loads, out.splitlines()))
    assert status == 2 and [r["path"] for r in records] == [
        f"inbox/{p.name}" for p in sorted(Path("inbox").iterdir())
    ] + ["gone.png"]
    assert "tiny" in err and "4 files: 3 stego" in err
    assert len(list(Path("p_files").iterdir())) == 3 and "data:image/webp" in Path("p.html").read_text()


class Deadly:
    """Judges nothing; one file kills whoever looks at it."""

    description = "deadly"

    def detect(self, path):
        if Path(path).name == "die":
            os._exit(9)
        return Detection(path, "clean")


def test_a_file_that_kills_worker_after_worker_costs_its_own_line(cluster):
    names = ["a", "die", "b"]
    found = list(ClusterPool(Deadly, cluster.scheduler_address).results(map(Source, names)))
    assert [(r["path"], r["verdict"]) for r in found] == [("a", "clean"), ("die", "unreadable"), ("b", "clean")]
    assert found[1]["reason"] == "workers died"


def test_a_scan_is_the_same_with_a_worker_killed_meanwhile(cluster, tmp_path):
    submission(tmp_path / "datasets/bob_submission_2026", n=40, seed=3)
    params = knobs(ScanParams, workers=1)
    expected, _ = scan(tmp_path / "datasets", params, 1)
    victim, store = workers(cluster)[0], tmp_path / "store"

    def kill():
        end = time.monotonic() + 60
        while not list(store.rglob("*")) and time.monotonic() < end:
            time.sleep(0.005)
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found, _ = scan(tmp_path / "datasets", params, 1, scheduler=cluster.scheduler_address, store_root=store)
    killer.join()
    assert found.equals(expected) and len(found) > 40


def test_a_cluster_that_is_out_of_reach_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("starlight.system.cluster._PATIENCE", 1)
    with pytest.raises(StarlightError, match=r"scheduler tcp://127\.0\.0\.1:9: cannot be reached"):
        list(ClusterPool(Deadly, "tcp://127.0.0.1:9").results([Source("a")]))
    with pytest.raises(StarlightError, match="scheduler nowhere: cannot be reached"):
        list(ClusterPool(Deadly, "nowhere").results([Source("a")]))


def broken():
    raise ZeroDivisionError("another version")


def test_workers_without_a_detector_are_one_line(cluster):
    with pytest.raises(StarlightError, match="workers cannot load the detector: ZeroDivisionError: another version"):
        list(ClusterPool(broken, cluster.scheduler_address).results([Source("a")]))


def test_a_cluster_without_workers_is_one_line(monkeypatch):
    monkeypatch.setattr("starlight.system.cluster._PATIENCE", 1)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None) as empty,
        pytest.raises(StarlightError, match="has no workers"),
    ):
        list(ClusterPool(Deadly, empty.scheduler_address).results([Source("a")]))
