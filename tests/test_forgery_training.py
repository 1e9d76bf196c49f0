"""Training the verifier of suspicions: copies, records, weights, mining, and the whole pipeline on a few images."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from knobs import knobs
from PIL import Image

from starlight import metrics
from starlight.errors import StarlightError
from starlight.forgery import candidates
from starlight.forgery.accepted import accepted
from starlight.forgery.candidates import COPY, FACTS, SPLICE, Candidate, Suspicions
from starlight.forgery.copies.sides import STEPS
from starlight.forgery.seams.maps import maps
from starlight.forgery.verifier import COLUMNS, Verifier, train
from starlight.images.image import decode
from starlight.sample.tampering.build import TamperingParams, build
from starlight.scan.scan import ScanParams, scan
from starlight.store import Store
from starlight.training.forgery import crossed, learn, record, seams, stages
from starlight.training.forgery import extract as extraction
from starlight.training.forgery.augment import augmentation
from starlight.training.forgery.evaluate import before_after, hardest, measured, predictions, views
from starlight.training.forgery.examples import ROWS, Examples
from starlight.training.forgery.extract import Extracted, extract, read_network, task_rows
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.release import examined, released, table_of
from starlight.training.mining import MineParams, read, write
from starlight.training.weighting import EnsembleParams, FinetuneParams

TINY = knobs(
    ForgeryParams, network_steps=4, augmented=1, mine_share=0.0, trees=30, depth=2, tuning_trees=20, seeds=2, workers=1
)
MINING, TUNING = knobs(MineParams), knobs(FinetuneParams, missed_weight=1.0)
H, W = 40, 50


def examples(n=120, seed=0, *, first=0):
    """Images with one suspicion each: the first fact tells forged from authentic; look-alikes have it in half."""
    rng = np.random.default_rng(seed)
    rows, table, overlap, masks = [], [], [], []
    for i in range(first, first + n):
        forged, alike = i % 3 == 0, i % 3 == 1
        rows.append({
            **dict.fromkeys(ROWS, ""), "sample_id": f"{i * 2654435761 % 2**32:016x}"[::-1], "path": f"{i:04}.png",
            "kind": "forged" if forged else "authentic", "category": "splice.hard" if forged else "tiles" * alike,
            "label": int(forged), "cover_id": f"c{i}", "split": "train", "width": W, "height": H, "variant": 0,
            "area": (0.005, 0.03, 0.2)[i % 9 // 3] if forged else 0.0,
        })  # fmt: skip
        facts = rng.normal(0, 1, len(COLUMNS)).astype(np.float32)
        facts[0], facts[1] = 2.0 * (forged or alike), 3.0 * alike
        table.append(facts)
        overlap.append(0.8 * forged)
        mask = np.zeros((H, W), bool)
        mask[4:14, 4:24] = True
        masks += [record.planes(mask), record.planes(np.zeros_like(mask))]
    for i in range(0, n - 2, 3):  # each forged image has the plain one as its twin
        rows[i]["twin_id"] = rows[i + 2]["sample_id"]
    arrays = {
        "table": np.stack(table), "kinds": np.ones(n, np.uint8), "image": np.arange(n, dtype=np.int32),
        "overlap": np.array(overlap, np.float32), "lead": np.zeros(n, np.float32),
        "sizes": np.array([len(m) for m in masks]).reshape(-1, 2), "masks": np.frombuffer(b"".join(masks), np.uint8),
    }  # fmt: skip
    return Examples(pd.DataFrame(rows), arrays)


def test_a_copys_mask_goes_with_its_pixels():
    """A white spot on black stays under its mask, whatever was done to both."""
    mask = np.zeros((60, 90), bool)
    mask[20:32, 40:70] = True
    pixels = np.repeat((mask * 255).astype(np.uint8)[..., None], 3, axis=2)
    seen = set()
    for k in range(20):
        change = augmentation("abc", k)
        moved, image = change.moved(mask), decode(change.file(pixels))
        assert moved.shape == image.pixels.shape[:2]
        assert image.pixels[moved].mean() > 170 and image.pixels[~moved].mean() < 25
        seen.add((change.turns, change.flipped))
        assert change == augmentation("abc", k)
    assert len(seen) > 5


def test_a_record_comes_back():
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 33, 21)) < 0.5
    facts = np.arange(len(COLUMNS), dtype=np.float32)
    cut = len(COLUMNS) - len(FACTS)
    found = Suspicions([Candidate(COPY, a | b, facts[:cut], a, b), Candidate(SPLICE, b, facts[:cut])], facts[cut:])
    back = record.unpacked(record.packed(found, (33, 21)))
    assert np.array_equal(back.table, found.table) and back.kinds.tolist() == [0, 1]
    assert np.array_equal(record.plane(back.first[0], back.shape), a)
    assert np.array_equal(record.plane(back.second[0], back.shape), b)
    assert np.array_equal(record.plane(back.first[1], back.shape), b)
    none = record.unpacked(record.packed(Suspicions([], facts[cut:]), (33, 21)))
    assert none.table.shape == (0, len(COLUMNS)) and none.first == []


def test_examples_survive_writing_and_choosing(tmp_path):
    data = examples(9)
    data.save(tmp_path)
    back = Examples.load(tmp_path)
    pd.testing.assert_frame_equal(back.rows, data.rows)
    assert np.array_equal(back.table, data.table)
    some = back.taken(np.arange(9) % 2 == 0)
    assert len(some.rows) == 5 and some.image.tolist() == [0, 1, 2, 3, 4]
    assert some.mask(3).sum() == 200 and np.array_equal(some.table[3], data.table[6])
    assert back.places(["0003.png", "0001.png"]) == [3, 1]
    first = (tmp_path / "suspicions.npz").read_bytes()
    back.save(tmp_path)
    assert (tmp_path / "suspicions.npz").read_bytes() == first
    with pytest.raises(StarlightError, match="no suspicions"):
        Examples.load(tmp_path / "nowhere")


def test_the_base_does_not_see_what_is_held_back():
    data = examples()
    held = learn.held_back(data.rows, 1.0)
    twins = data.rows["sample_id"].isin(set(data.rows["twin_id"]))
    assert (held == ((data.labels == 0) & ~twins)).all()
    assert not learn.held_back(data.rows, 0.0).any()


def test_of_a_copy_that_tells_its_target_alone_is_marked():
    data = examples(3)
    target = np.zeros((H, W), bool)
    target[20:30, 20:40] = True
    first, second = data.mask(0), record.planes(target)
    sizes = np.array([[len(record.planes(first)), len(second)]])
    arrays = {
        "table": np.full((1, len(COLUMNS)), 1.0, np.float32), "kinds": np.zeros(1, np.uint8),
        "image": np.zeros(1, np.int32), "overlap": np.ones(1, np.float32), "lead": np.ones(1, np.float32),
        "sizes": sizes, "masks": np.frombuffer(record.planes(first) + second, np.uint8),
    }  # fmt: skip
    copy = Examples(data.rows[:1], arrays)
    told = Verifier((), threshold=0.5, sides=np.stack([np.ones(len(STEPS)), np.full(len(STEPS), 3.0)]))
    members = train(data.table, np.array([1, 0, 0])).members
    sure = dataclasses.replace(told, members=members, threshold=0.0)
    assert (stages.marked(sure, copy, 0) == target).all()
    both = dataclasses.replace(sure, sides=None)
    assert (stages.marked(both, copy, 0) == (first | target)).all()
    swapped = dataclasses.replace(sure, sides=sure.sides * [[1], [-1]])
    assert (stages.marked(swapped, copy, 0) == first).all()


def test_mining_halves_what_the_base_gets_wrong():
    """The base takes look-alikes for forgeries; fine-tuned on those mined it does not, and finds as much."""
    data, test = (examples(seed=k, first=1000 * k) for k in range(2))
    params = dataclasses.replace(TINY, held_back=1.0, tuning_trees=100, depth=3, tuning_rate=0.3, target_fpr=0.05)
    base = stages.base_of(data, params, 1)
    found = stages.mined(base.whole, data, MINING, params)
    assert set(found.hard_negatives["category"]) == {"tiles"} and len(found.hard_negatives) == 40
    assert found.audit["scanned_forged"] == 40 and found.audit["hard_negatives"] == 40
    made = stages.finetuned(base, data, found, params, TUNING, knobs(EnsembleParams, enabled=False), 1)
    before, after = (learn.image_scores(v, test) >= 0.5 for v in (base.whole, made.detector))
    authentic = test.labels == 0
    assert before[authentic].mean() > 0.4 and after[authentic].mean() < 0.1
    assert after[~authentic].mean() > 0.9
    assert made.detector.threshold > 0 and made.detector.meta["fpr"] == 0.05


def test_nothing_mined_leaves_the_base():
    data = examples()
    base = stages.base_of(data, TINY, 1)
    none = stages.mined(base.whole, data.taken(data.labels == 1), MINING, TINY)
    assert len(none.hard_negatives) == 0 and "none found" in none.audit["advice"]
    made = stages.finetuned(base, data, none, TINY, TUNING, knobs(EnsembleParams), 1)
    assert np.array_equal(made.detector.log_odds(data.table), base.whole.log_odds(data.table))


def test_what_the_base_has_seen_is_not_mined():
    data = examples()
    for share in (0.0, 0.5):
        params = dataclasses.replace(TINY, held_back=0.6, mine_share=share)
        found = stages.mined(stages.base_of(data, params, 1).whole, data, MINING, params)
        unseen = learn.held_back(data.rows, params.held_back)
        assert found.audit["scanned_authentic"] == unseen.sum() > 0
        assert set(found.hard_negatives["sample_id"]) <= set(data.rows.loc[unseen, "sample_id"])
        assert len(found.hard_negatives) >= share * unseen.sum() - 1
    all_seen = dataclasses.replace(TINY, held_back=0.0)
    found = stages.mined(stages.base_of(data, all_seen, 1).whole, data, MINING, all_seen)
    assert found.audit["scanned_authentic"] == (data.labels == 0).sum()


def test_fine_tuning_is_judged_as_it_will_be_used():
    """In an ensemble that hardly heeds the fine-tuned member, no block of trees is better than none."""
    data = examples()
    params = dataclasses.replace(TINY, held_back=1.0, tuning_rate=0.3)
    base, weights = stages.base_of(data, params, 1), np.ones(len(data.rows))
    deaf, alone = knobs(EnsembleParams, base=1e12), knobs(EnsembleParams, enabled=False)
    made = [learn.tune(base, data, weights, params, pool, 1) for pool in (deaf, alone)]
    assert made[0].curve["score"].nunique() == 1 and made[1].curve["loss"].nunique() > 1
    assert np.array_equal(made[0].verifiers.whole.log_odds(data.table), base.whole.log_odds(data.table))


def test_the_release_learns_from_all_and_is_judged_out_of_fold():
    """Its figures are those of verifiers that have not seen the image's cover, at the threshold that is released."""
    data, test = (examples(seed=k, first=1000 * k) for k in range(2))
    params = dataclasses.replace(TINY, held_back=0.9, tuning_trees=100, depth=3, tuning_rate=0.3, target_fpr=0.1)
    made = released(data, MINING, params, TUNING, knobs(EnsembleParams), 1)
    flagged = made.rows["score"].to_numpy() >= made.verifier.threshold
    assert 0 < flagged[data.labels == 0].mean() <= 0.1 and flagged[data.labels == 1].mean() > 0.9
    assert (learn.image_scores(made.verifier, data) != made.rows["score"]).all(), "judged by what has seen it"
    assert (learn.image_scores(made.verifier, test) >= made.verifier.threshold)[test.labels == 1].mean() > 0.9
    table = table_of(made.rows, made.verifier.threshold).set_index("group")
    assert table.loc["forged splice.hard", "n"] == 40 and table["flagged"].sum() == flagged.sum()
    assert made.verifier.meta["images"] == len(data.rows)


def test_covers_with_right_suspicions_are_spread_over_the_folds():
    data = examples(30)
    right = data.overlap > 0.5
    folds = crossed.folds_of(data, right)
    assert np.bincount(folds[right]).tolist() == [2] * crossed.FOLDS and np.bincount(folds).max() == 6
    data.rows["cover_id"] = [f"c{i // 10}" for i in range(30)]
    shared = crossed.folds_of(data, right)
    assert all(len(set(shared[i : i + 10])) == 1 for i in (0, 10, 20)) and len(set(shared)) == 3
    data.rows["cover_id"] = "one"
    assert not crossed.folds_of(data, right).any()


def test_thresholds_are_those_of_images_that_were_not_learnt_from(tmp_path):
    """Labels drawn at random: the verifier knows those that it saw by heart, and nothing of others."""
    data = examples()
    rng = np.random.default_rng(5)
    data.table[:] = rng.normal(0, 1, data.table.shape)
    params = dataclasses.replace(TINY, held_back=0.0, trees=150, depth=4, target_fpr=0.2, caution=0.0)
    base = stages.base_of(data, params, 1)
    authentic, folds = data.labels == 0, crossed.folds_of(data, data.overlap > 0.5)
    apart, seen = base.probability(data, folds), base.whole.probability(data.table)
    assert 0.1 <= (apart[authentic] >= base.whole.threshold).mean() <= 0.2
    assert not (seen[authentic] >= base.whole.threshold).any() and seen[~authentic].min() > seen[authentic].max()
    for fold, part in enumerate(base.parts):
        at = folds == fold
        assert np.array_equal(apart[at], part.probability(data.table[at]))
    base.whole.save(tmp_path / "whole.safetensors")
    base.save_parts(tmp_path / "parts")
    again = crossed.Crossed.load(tmp_path / "whole.safetensors", tmp_path / "parts")
    assert np.array_equal(again.probability(data, folds), apart)


def test_what_is_no_copy_is_judged_with_caution(tmp_path):
    data = examples()
    plain, careful = (stages.base_of(data, dataclasses.replace(TINY, caution=c), 1).whole for c in (0.0, 1.5))
    less = plain.log_odds(data.table) - careful.log_odds(data.table)
    assert np.allclose(less, np.where(data.table[:, COLUMNS.index("is_copy")] == 0, 1.5, 0.0))
    careful.save(tmp_path / "careful.safetensors")
    again = Verifier.load(tmp_path / "careful.safetensors")
    assert np.array_equal(again.log_odds(data.table), careful.log_odds(data.table))
    assert learn.pooled(careful, careful, knobs(EnsembleParams)).caution == 1.5


def test_sampling_weights_are_those_of_params():
    data = examples(18)
    hard, missed = data.rows[data.rows["category"] == "tiles"].head(2), data.rows[data.labels == 1].head(1)
    seen = ~learn.held_back(data.rows, 1.0)
    weights = stages.sampling_weights(data, hard, missed, seen, knobs(FinetuneParams, missed_weight=5.0))
    assert weights[data.labels == 1].tolist() == [15.0, 2.0, 1.0, 3.0, 2.0, 1.0]
    assert weights[data.rows["category"] == "tiles"].tolist() == [2.0, 2.0, 0.0, 0.0, 0.0, 0.0]


def test_what_was_mined_survives_writing(tmp_path):
    data = examples()
    found = stages.mined(stages.base_of(data, TINY, 1).whole, data, MINING, TINY)
    write(found, tmp_path)
    again = read(tmp_path)
    assert again.hard_negatives["sample_id"].tolist() == found.hard_negatives["sample_id"].tolist()
    assert again.audit == found.audit


def test_none_is_marked_below_the_threshold():
    assert accepted(np.array([0.4, 0.3]), 0.5).tolist() == [False, False]
    assert accepted(np.array([0.9, 0.31, 0.2]), 0.5).tolist() == [True, True, False]
    assert accepted(np.zeros(0), 0.5).tolist() == []


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A few images through sample, scan, extract, train, mine, finetune."""
    root = tmp_path_factory.mktemp("run")
    sizes = knobs(TamperingParams, seed=5, pairs=10, authentic=2, lookalikes=5)
    build(root / "datasets/tampering_submission_2025", sizes, workers=1)
    table, _ = scan(root / "datasets", knobs(ScanParams, workers=1), 3, store_root=root / "store")
    made = extract(table, root / "datasets", TINY, 1, Store(root / "store"))
    made.save(root / "artifacts")
    return root, table


def test_what_is_written_anew_leaves_a_link_to_the_old_as_it_was(run, tmp_path):
    """DVC may link a stage's results to its cache, where a change would be passed on to everybody."""
    folder = run[0] / "artifacts"
    for file in folder.iterdir():
        (tmp_path / file.name).hardlink_to(file)
    Extracted(Examples.load(folder), read_network(folder), {}).save(folder)
    assert not any(file.samefile(tmp_path / file.name) for file in folder.iterdir())


def test_the_pipeline_on_a_few_images(run):
    root, table = run
    data = Examples.load(root / "artifacts")
    assert set(data.rows.loc[data.rows["variant"] > 0, "split"]) == {"train"}
    for row in data.rows[data.rows["variant"] == 0].itertuples():
        with Image.open(root / "datasets" / row.path) as file:
            assert file.size == (row.width, row.height)
    assert not data.overlap[data.labels[data.image] == 0].any()
    known, test = data.split("train", "val"), data.split("test")
    base = stages.base_of(known, TINY, 1)
    found = stages.mined(base.whole, known, MINING, TINY)
    made = stages.finetuned(base, known, found, TINY, TUNING, knobs(EnsembleParams), 1)
    made.detector.save(root / "forgery.safetensors", read_network(root / "artifacts"))
    models = {"base": base.whole, "detector": Verifier.load(root / "forgery.safetensors"), "control": made.control}
    judged = predictions(models, test, root / "datasets")
    assert len(judged) == len(test.rows) == ((table["split"] == "test") & (table["status"] == "ok")).sum()
    pixels = judged[[f"base_{part}" for part in ("tp", "fp", "fn", "tn")]].sum(axis=1)
    assert pixels.tolist() == (test.rows["width"] * test.rows["height"]).tolist()
    others = predictions({"base_2": stages.base_of(known, TINY, 2).whole}, test, root / "datasets")
    figures = measured(judged, tuple(models), others)
    assert figures["detector"]["n"] == len(judged) and figures["seeds"]["base"]["fpr"]["least"] <= 1
    assert metrics.dumps(figures) == metrics.dumps(measured(judged, tuple(models), others))
    assert set(before_after(judged)["judged"]) == {"threshold", "0.5"}
    worst = hardest(judged, 4)
    shown, shades = views(models["detector"], test, test.places(worst["path"]), root / "datasets")
    assert [s.shape for s in shades] == [p.shape[:2] for p in shown]


def test_the_network_never_judges_what_it_learnt_from(run):
    from starlight.training.forgery.seams import fold_of, network_of

    networks = ({"k": 0}, {"k": 1}, {"k": 2})
    for cover in map(str, range(20)):
        assert network_of(networks, "train", cover)["k"] == 1 - fold_of(cover)
        assert network_of(networks, "test", cover)["k"] == 2


def test_maps_that_are_known_change_nothing(run, tmp_path, monkeypatch):
    """Those that the networks learnt from are not computed again; what is found is the same to the last bit."""
    root, table = run
    computed = []
    monkeypatch.setattr(candidates, "maps", lambda scene: computed.append(1) or maps(scene))
    known = extract(table, root / "datasets", TINY, 1, Store(tmp_path / "known"))
    beside = len(computed)
    halves = seams.train_halves
    monkeypatch.setattr(extraction, "train_halves", lambda *given: halves(*given)._replace(mapped={}))
    anew = extract(table, root / "datasets", TINY, 1, Store(tmp_path / "anew"))
    learnt = (known.examples.rows.query("variant == 0")["split"] == "train").sum()
    assert learnt > 0 and len(computed) - beside == beside + learnt
    assert np.array_equal(known.examples.table, anew.examples.table)


def test_an_image_that_is_gone_since_the_scan_is_named(run, tmp_path):
    root, table = run
    gone = table[table["path"].str.contains("pair_") & (table["split"] == "train")].iloc[0]["path"]
    moved = table.assign(path=table["path"].mask(table["path"] == gone, "elsewhere/gone.png"))
    with pytest.raises(StarlightError, match=r"elsewhere/gone\.png: cannot be opened.*dvc repro"):
        extract(moved, root / "datasets", TINY, 1, Store(tmp_path / "store"))


def test_the_release_examines_all_splits(run):
    root, table = run
    data, network = examined(table, root / "datasets", TINY, 1, Store(root / "store"))
    assert len(data.rows) == (table["status"] == "ok").sum() and set(data.rows["split"]) == {"train"}
    assert network.keys() == read_network(root / "artifacts").keys()


def test_without_forged_images_the_stage_says_what_to_do(run):
    _, table = run
    with pytest.raises(StarlightError, match=r"tampering\.enabled: true"):
        task_rows(table[table["label"] == 0])
