"""The bench of mining: what it makes of photographs, that no make judges itself, and its counts."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients
from starlight.lab.mining.compare import ARMS, GENERATED, POINTS, Settings, compared_by_make
from starlight.lab.mining.data import Images
from starlight.lab.mining.photographs import makes, submission
from starlight.lab.mining.report import counted, report
from starlight.mine import MineParams
from starlight.params import General
from starlight.scan import sidecar
from starlight.training.params import TrainParams
from starlight.training.weighting import FinetuneParams
from tests.fake_streams import data_set
from tests.knobs import knobs
from tests.tiny import pixels
from tests.train_worker import run


def photograph(make: str, height: int = 800, width: int = 1056, seed: int = 0) -> bytes:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F] = make
    tile = pixels(352, seed)
    samples = np.tile(tile, (-(-height // 352), -(-width // 352), 1))[:height, :width]
    Image.fromarray(samples).save(out, "JPEG", quality=93, exif=exif)
    return out.getvalue()


def test_makes_of_few_photographs_count_together(tmp_path):
    for make, count in (("NIKON CORPORATION", 8), ("Canon", 9), ("Leica", 1)):
        for i in range(count):
            (tmp_path / f"{make[:2]}{i}.jpg").write_bytes(photograph(make, 48, 64, i))
    assert pd.Series(makes([tmp_path])).value_counts().to_dict() == {"Canon": 9, "Nikon": 8, "others": 1}
    with pytest.raises(StarlightError, match="two makes"):
        makes([tmp_path / name for name in ()] or [_one_make(tmp_path)])


def _one_make(folder):
    (folder / "one").mkdir()
    for i in range(8):
        (folder / "one" / f"{i}.jpg").write_bytes(photograph("Canon", 48, 64, i))
    return folder / "one"


def test_a_part_and_its_stego_differ_by_the_payload_alone(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(photograph("Canon"))
    made = submission({str(path): "Canon"}, tmp_path / "x_submission_0000")
    clean = {p.name: p.read_bytes() for p in (made / "clean").iterdir()}
    assert clean["whole_0000.jpg"] == path.read_bytes()
    assert sorted(clean) == [*(f"cut_0000_{i}.jpg" for i in range(4)), "saved_0000_4.png", "saved_0000_5.png",
                             "whole_0000.jpg"]  # fmt: skip
    whole = read_coefficients(path.read_bytes())
    for said in (made / "stego").glob("*.json"):
        read = sidecar.parse(said)
        stego, twin = (made / "stego" / read.clean_file).read_bytes(), clean[read.clean_file]
        assert stego != twin and decode(stego).pixels.shape == decode(twin).pixels.shape == (384, 512, 3)
        if read.clean_file.startswith("cut"):  # the camera's own blocks and steps
            tables = [read_coefficients(data).qt for data in (stego, twin)]
            assert all(np.array_equal(table, whole.qt[: len(table)]) for table in tables)
    assert len(list((made / "stego").glob("*.json"))) == 6
    again = submission({str(path): "Canon"}, tmp_path / "y_submission_0000")
    assert {p.name: p.read_bytes() for p in (again / "clean").iterdir()} == clean


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    from starlight.detector.weights import load

    root = tmp_path_factory.mktemp("bench")
    run(root, 1)
    manifest, reader = data_set()
    cover = manifest["cover_id"].str[1:].astype(int)
    real = (cover % 3 == 0) & manifest["kind"].isin(["clean", "stego"])
    photographs = manifest[real].assign(source=np.where(cover[real] // 12 % 2 == 0, "Canon", "Sony"))
    photographs["path"] = "p/clean/cut_" + photographs["sample_id"] + ".jpg"
    images = Images(manifest[~real & (cover % 3 != 0)], photographs, reader, reader.crops, root / "scratch")
    settings = Settings(knobs(General), knobs(TrainParams), knobs(FinetuneParams), knobs(MineParams, share=0.3))
    return images, compared_by_make(load(root / "base.safetensors"), images, settings, [1])


def test_no_make_judges_itself(judged):
    images, _ = judged
    for make in images.makes:
        fold = images.fold(make)
        of_make = set(fold.out.rows["cover_id"])
        for part in (fold.train, fold.val):
            own = part.rows[part.rows["alone"]]
            assert len(own) and not of_make & set(own["cover_id"]) and (own["kind"] == "clean").all()
        assert set(fold.out.rows["source"]) == {make} and {0, 1} == set(fold.out.labels)


def test_every_arm_judges_every_image_once(judged):
    images, table = judged
    assert set(table["arm"]) == set(ARMS) and images.makes == ["Canon", "Sony"]
    own = table[table["make"] != GENERATED]
    assert not own.duplicated(["path", "arm"]).any() and (own.groupby("arm").size().nunique() == 1)
    trained = table.groupby(["left_out", "arm"])["trained"].first().unstack()
    assert (trained["base"] == 0).all() and (trained["generated"] == 0).all()
    assert (trained["mined"] == trained["random"]).all() and (trained["all"] > trained["mined"]).all()
    assert (trained["trained"] == trained["all"]).all()


def test_counts_and_report(judged):
    images, table = judged
    counts = counted(table)
    part = counts[(counts["makes"] == "all makes") & (counts["what"] == "all") & (counts["point"] == "half")]
    base = part[part["arm"] == "base"].iloc[0]
    own = table[(table["make"] != GENERATED) & (table["arm"] == "base")]
    assert base["fp"] == own["half"][own["label"] == 0].sum() and base["authentic"] == (own["label"] == 0).sum()
    assert base["p"] == 1.0 and base["only_base"] == base["only_here"] == 0
    text = report(counts, {make: images.count(make) for make in images.makes})
    assert all(f"`{arm}`" in text for arm in ARMS) and all(words in text for words in POINTS.values())
