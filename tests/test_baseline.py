"""V3: trained on what its predecessor had, judged at even odds."""

import numpy as np
import pandas as pd
import torch

from starlight.detector.weights import load
from starlight.params import General
from starlight.streams import SETS
from starlight.streams.starts import read_by
from starlight.techniques import LABELS
from starlight.techniques.shown import speaking
from starlight.train import train
from starlight.training.calibrate import even_odds
from starlight.training.params import BaselineParams, TrainParams
from starlight.training.pools import ordinary
from tests.fake_streams import data_set
from tests.knobs import knobs


def rows(*, alone: bool = True, protocol: bool = True) -> pd.DataFrame:
    """Twins of both stego images, a clean image that is none, a look-alike, a text and LSB matching, in both splits."""
    table = pd.DataFrame(
        [
            ("twin", "clean", None, None), ("cover", "clean", None, None), ("alone", "clean", None, None),
            ("noise", "negative", None, None), ("text", "stego", "alpha", "twin"), ("bits", "stego", "lsbm", "cover"),
        ],
        columns=["sample_id", "kind", "technique", "twin_id"],
    )  # fmt: skip
    table = table.assign(tool="")
    table = table[~table["sample_id"].isin(["alone", "cover"]) | alone]
    table = table[(table["sample_id"] != "text") | protocol]
    halves = [table.assign(split=split, sample_id=split + table["sample_id"]) for split in ("train", "val")]
    return pd.concat([half.assign(twin_id=half["split"] + half["twin_id"]) for half in halves])


def kept(table: pd.DataFrame, **changes: object) -> set[str]:
    found = ordinary(table, knobs(BaselineParams, **changes))["sample_id"]
    return {name.removeprefix("train").removeprefix("val") for name in found}


def test_no_twins_of_its_stego_no_look_alikes_and_the_protocol_alone():
    assert kept(rows()) == {"alone", "cover", "text"}


def test_where_there_is_nothing_else_twins_and_other_techniques_serve():
    assert kept(rows(alone=False)) == {"twin", "text"}
    assert kept(rows(protocol=False)) == {"alone", "twin", "bits"}


def test_what_another_program_laid_out_is_none_of_its_kind():
    table = rows()
    stepic = table[table["technique"] == "alpha"].assign(technique="lsb.rgb", tool="stepic", twin_id="")
    stepic["sample_id"] += "2"
    assert kept(pd.concat([table, stepic])) == kept(table)


def test_each_rung_of_the_ladder_adds_its_images():
    assert kept(rows(), twins=True) == {"alone", "cover", "text", "twin"}
    assert kept(rows(), twins=True, negatives=0.33) == {"alone", "cover", "text", "twin", "noise"}


def test_v3_reads_six_streams_and_the_first_bits_and_nothing_outright(tmp_path):
    torch.set_num_threads(1)
    params = knobs(TrainParams, network_epochs=2, batch_size=12, max_steps=3)
    manifest, reader = data_set()
    train(manifest, reader, reader.crops, knobs(General), params, variant="v3", baseline=knobs(BaselineParams),
          out=tmp_path / "v3.safetensors", curves=tmp_path / "v3.csv", scratch=tmp_path / "scratch")  # fmt: skip
    stored = load(tmp_path / "v3.safetensors")
    config = stored.members[0].model.config
    assert config.streams == SETS["six"] == speaking(config.streams) and config.starts == read_by(config.streams)
    assert not config.reads and not config.constraint_mask and config.map_bar is None
    assert not stored.members[0].model.has_expert.any() and stored.calibration.probability(0.0) == 0.5
    losses = pd.read_csv(tmp_path / "v3.csv")["val_loss"]
    assert len(losses) == 2


class Passes:
    """Three authentic images and one stego image; one of the former is likelier stego than not."""

    class data:  # noqa: N801
        labels = np.array([0, 0, 0, 1])

    def log_odds(self, _members):
        found = np.full((4, len(LABELS)), -4.0)
        found[0, 2], found[1, 2], found[3, 1] = 3.0, 2.5, 4.0
        return found


def test_even_odds():
    calibration = even_odds([], Passes())
    score = calibration.score(Passes().log_odds([]), ["photograph"] * 4)
    assert (score >= 0).tolist() == [True, False, False, True]
    assert calibration.probability(0.0) == 0.5 and calibration.target_fpr == round(1 / 3, 6)
