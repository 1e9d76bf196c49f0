"""From a file to a verdict, a mask, a record and a page, judged by a rule that the test sets itself."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny
from forged import copy_within, encoded, filled, page, texture, tiles
from PIL import Image

import starlight
from starlight.cli import main
from starlight.cli.output import COLUMNS as COLUMNS_OF_RECORDS
from starlight.cli.tasks import loader
from starlight.errors import StarlightError
from starlight.forgery.boosting import Settings, Trees, boost, log_odds
from starlight.forgery.detector import ForgeryDetector
from starlight.forgery.scene import prepare
from starlight.forgery.seams.given import GIVEN
from starlight.forgery.seams.maps import MAPS, maps
from starlight.forgery.seams.network import probabilities
from starlight.forgery.seams.parts import SEAM_FACTS, parts
from starlight.forgery.verifier import COLUMNS, Verifier, ensemble, finetune, threshold_at, train
from starlight.images.image import decode

BOX, TO = (40, 30, 90, 100), (190, 250)


def rule(name, limit):
    """A verifier of one question: is this fact over a limit?"""
    column = np.array([[COLUMNS.index(name)]], np.int16)
    trees = Trees(column, np.array([[limit]], np.float32), np.array([[-3, 3]], np.float32))
    return Verifier(((trees, 0.0, 1.0),), threshold=0.5, meta={"fpr": 0.015})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forgery")
    rule("noise_agreement", 0.8).save(folder / "rule.safetensors")
    (folder / "in").mkdir()
    forged, mask = copy_within(texture(1), BOX, TO)
    (folder / "in/forged.png").write_bytes(encoded(forged))
    (folder / "in/honest.png").write_bytes(encoded(texture(1)))
    (folder / "in/tiles.png").write_bytes(encoded(tiles(2)))
    (folder / "in/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (folder / "in/tiny.png").write_bytes(encoded(texture(1, 20, 30)))
    np.save(folder / "mask.npy", mask)
    return folder


@pytest.fixture
def detector(place):
    return ForgeryDetector.load(place / "rule.safetensors")


def test_verdicts(detector, place):
    said = {p.stem: detector.detect(p) for p in (place / "in").iterdir()}
    assert {name: answer.verdict for name, answer in said.items()} == {
        "forged": "forged", "honest": "authentic", "tiles": "authentic", "broken": "unreadable", "tiny": "cannot tell",
    }  # fmt: skip
    assert said["forged"].technique == "copy-move" and "two regions agree" in said["forged"].reason
    assert said["forged"].probability > 0.9 and said["forged"].fpr == 0.015
    assert said["honest"].probability == 0.0 and not said["honest"].tampered.any()


def test_a_record_has_every_column(detector, place):
    record = detector.detect(place / "in/forged.png").to_dict()
    assert set(COLUMNS_OF_RECORDS) | {"mask"} == set(record)


def test_the_mask_covers_the_copy(detector, place):
    answer = detector.detect((place / "in/forged.png").read_bytes())
    mask = np.load(place / "mask.npy")
    assert answer.tampered.shape == mask.shape
    assert (answer.tampered & mask).sum() > 0.85 * mask.sum()
    assert answer.tampered.sum() < 2.3 * mask.sum()


def test_command_writes_a_mask_a_file(place, monkeypatch, capfdbinary):
    monkeypatch.chdir(place)
    options = ["--task", "forgery", "--model", "rule.safetensors", "--workers", "1", "--format", "jsonl"]
    status = main(["detect", *options, "--masks", "masks", "in"])
    out, err = capfdbinary.readouterr()
    records = {r["path"]: r for r in map(json.loads, out.splitlines())}
    assert status == 1 and b"1 forged, 2 authentic, 1 cannot tell, 1 unreadable" in err
    assert records["in/broken.png"]["mask"] is None
    shown = np.asarray(Image.open(records["in/forged.png"]["mask"]))
    assert shown.shape == (320, 400) and shown.any()
    assert not np.asarray(Image.open(records["in/honest.png"]["mask"])).any()


def test_masks_are_only_made_of_forgeries(place, monkeypatch, capfdbinary):
    monkeypatch.chdir(place)
    assert main(["detect", "--masks", "elsewhere", "in"]) == 2
    assert b"--masks" in capfdbinary.readouterr().err


def test_csv_has_a_column_for_masks(place, monkeypatch, capfdbinary):
    monkeypatch.chdir(place)
    options = ["--task", "forgery", "--model", "rule.safetensors", "--workers", "1", "--format", "csv", "--quiet"]
    main(["detect", *options, "in/honest.png", "gone.png"])
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0].endswith(",sample_id,mask") and len({line.count(",") for line in lines}) == 1


def test_page_shows_the_regions(place, monkeypatch):
    monkeypatch.chdir(place)
    command = ["explain", "--task", "forgery", "--model", "rule.safetensors", "-o", "page.html"]
    assert main([*command, "in/forged.png"]) == 0
    text = (place / "page.html").read_text()
    assert "Part of this is forged" in text and text.count("<img") == 2 and "agreement of the noise" in text


def test_a_report_has_pages_of_what_is_forged(place, monkeypatch, capfdbinary):
    monkeypatch.chdir(place)
    options = ["--task", "forgery", "--model", "rule.safetensors", "--workers", "1", "--quiet", "--format", "jsonl"]
    assert main(["detect", *options, "--report", "all.html", "--explain", "in/forged.png", "in/honest.png"]) == 1
    pages = list((place / "all_files").iterdir())
    assert len(pages) == 1 and "Part of this is forged" in pages[0].read_text()
    assert "forged" in (place / "all.html").read_text()


def test_weights_come_back_as_they_were(tmp_path, place):
    table = np.random.default_rng(1).normal(size=(50, len(COLUMNS))).astype(np.float32)
    written = rule("noise_agreement", 0.1)
    written.save(tmp_path / "a.safetensors")
    read = Verifier.load(tmp_path / "a.safetensors")
    assert np.array_equal(read.probability(table), written.probability(table)) and read.meta == written.meta
    (tmp_path / "b.safetensors").write_bytes(b"x" * 40)
    for name in ("b", "c"):
        with pytest.raises(StarlightError, match=f"{name}.safetensors"):
            Verifier.load(tmp_path / f"{name}.safetensors")


def test_trees_learn_what_two_columns_say_together():
    rng = np.random.default_rng(2)
    table = rng.normal(size=(600, 5)).astype(np.float32)
    y = ((table[:, 1] > 0) ^ (table[:, 3] > 0.3)).astype(float)
    start = np.zeros(len(y))
    trees = boost(table, y, np.ones(len(y)), start, 0, Settings(trees=60, depth=3, rate=0.3, columns=1.0))
    again = boost(table, y, np.ones(len(y)), start, 0, Settings(trees=60, depth=3, rate=0.3, columns=1.0))
    fresh = rng.normal(size=(400, 5)).astype(np.float32)
    truth = (fresh[:, 1] > 0) ^ (fresh[:, 3] > 0.3)
    assert np.mean((log_odds(trees, fresh) > 0) == truth) > 0.93
    assert all(np.array_equal(a, b) for a, b in zip(trees, again, strict=True))


def test_weights_of_rows_count_and_fine_tuning_goes_on():
    rng = np.random.default_rng(3)
    table = rng.normal(size=(400, len(COLUMNS))).astype(np.float32)
    y = (table[:, 0] + rng.normal(0, 0.5, 400) > 0).astype(float)
    base = train(table, y, seed=1, settings=Settings(trees=20))
    hard = (y == 0) & (table[:, 0] > 0)
    tuned = finetune(base, table, y, np.where(hard, 20.0, 1.0), 1)
    both = ensemble([base, tuned], [1.0, 1.2])
    assert tuned.probability(table[hard]).mean() < base.probability(table[hard]).mean()
    expected = (base.log_odds(table) + 1.2 * tuned.log_odds(table)) / 2.2
    assert np.allclose(both.log_odds(table), expected)


def test_threshold_lets_through_no_more_than_asked():
    scores = np.linspace(0, 1, 200)
    for fpr in (0.0, 0.01, 0.1):
        assert np.mean(scores >= threshold_at(scores, fpr)) <= fpr


def test_missing_noise_shows_in_the_maps():
    pixels, mask = filled(texture(4), (100, 120, 80, 96))
    values = maps(prepare(decode(encoded(pixels))))
    assert values.shape == (len(MAPS) + len(GIVEN), 40, 50) and np.isfinite(values).all()
    cells = mask[4::8, 4::8]
    noise = values[MAPS.index("noise")]
    assert noise[cells].mean() < noise[~cells].mean() - 0.7


def test_a_quiet_part_is_proposed_whatever_the_network_says():
    pixels, mask = filled(texture(4), (100, 120, 80, 96))
    scene = prepare(decode(encoded(pixels)))
    values = maps(scene)
    found = parts(scene, values, np.zeros(values.shape[1:], np.float32))
    overlaps = [(p.mask & mask).sum() / (p.mask | mask).sum() for p in found]
    assert max(overlaps) > 0.7 and found[int(np.argmax(overlaps))].filled
    assert all(len(p.facts) == len(SEAM_FACTS) and np.isfinite(p.facts).all() for p in found)


def test_network_in_numpy_is_that_of_torch():
    torch = pytest.importorskip("torch")
    from starlight.forgery.seams.fit import fit

    rng = np.random.default_rng(5)
    image = rng.normal(size=(6, 20, 24)).astype(np.float32)
    target = np.zeros((20, 24))
    target[5:12, 6:14] = 1
    image[0] += 4 * target
    weights = fit([image], [target], seed=0, steps=60)
    said = probabilities(weights, image)
    assert said[target > 0].mean() > 0.7 > 0.3 > said[target == 0].mean()
    first = torch.nn.functional.conv2d(torch.from_numpy(image)[None], torch.from_numpy(weights["seams.0.weight"]))
    ours = np.einsum("oi,irc->orc", weights["seams.0.weight"][:, :, 0, 0], image)
    assert np.allclose(first[0].numpy(), ours, atol=1e-4)


def test_the_released_detector_knows_copies_from_repeats():
    detector = ForgeryDetector.load()
    forged, _ = copy_within(texture(1), BOX, TO)
    honest = (texture(1), tiles(2), page(3), np.full((200, 200), 80, np.uint8))
    assert detector.detect(encoded(forged)).verdict == detector.detect(encoded(forged, 85)).verdict == "forged"
    assert [detector.detect(encoded(plane)).verdict for plane in honest] == ["authentic"] * 4
    assert (Path(starlight.__file__).parents[1] / "models/release/forgery.safetensors").stat().st_size < 500_000


def test_all_tasks_at_once(place, tmp_path, monkeypatch, capfdbinary):
    monkeypatch.chdir(place)
    tiny.weights(tmp_path / "none.safetensors", threshold=3.0)
    options = ["--model", str(tmp_path / "none.safetensors"), "--workers", "1", "--format", "jsonl", "--masks", "both"]
    assert main(["detect", "--task", "all", *options, "in/forged.png", "in/honest.png", "in/broken.png"]) == 1
    out, err = capfdbinary.readouterr()
    forged, honest, broken = map(json.loads, out.splitlines())
    assert [r["verdict"] for r in (forged, honest, broken)] == ["forged", "clean", "unreadable"]
    assert forged["tasks"]["stego"]["verdict"] == "clean" and forged["tasks"]["forgery"]["technique"] == "copy-move"
    assert honest["tasks"]["forgery"]["verdict"] == "authentic" and honest["mask"]
    assert b"0 stego, 1 forged, 1 clean, 0 cannot tell, 1 unreadable" in err


def test_without_opencv_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "cv2" else object())
    with pytest.raises(StarlightError, match=r"starlight\[forgery\]"):
        loader("forgery", None, None, None)()
