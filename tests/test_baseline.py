"""V3: trained on what its predecessor had, judged at even odds."""

import numpy as np
import pandas as pd

from starlight.training.calibrate import even_odds
from starlight.training.image_rows import LABELS
from starlight.training.pools import ordinary


def rows(*, alone: bool = True, protocol: bool = True) -> pd.DataFrame:
    """A twin, a clean image that is none, a look-alike, a text in alpha and LSB matching, in both splits."""
    table = pd.DataFrame(
        [
            ("twin", "clean", None, None), ("alone", "clean", None, None), ("noise", "negative", None, None),
            ("text", "stego", "alpha", "twin"), ("bits", "stego", "lsbm", "twin"),
        ],
        columns=["sample_id", "kind", "technique", "twin_id"],
    )  # fmt: skip
    table = table[(table["sample_id"] != "alone") | alone]
    table = table[(table["sample_id"] != "text") | protocol]
    halves = [table.assign(split=split, sample_id=split + table["sample_id"]) for split in ("train", "val")]
    return pd.concat([half.assign(twin_id=half["split"] + half["twin_id"]) for half in halves])


def kept(table: pd.DataFrame) -> set[str]:
    return {name.removeprefix("train").removeprefix("val") for name in ordinary(table)["sample_id"]}


def test_no_twins_no_look_alikes_and_the_protocol_alone():
    assert kept(rows()) == {"alone", "text"}


def test_where_there_is_nothing_else_twins_and_other_techniques_serve():
    assert kept(rows(alone=False)) == {"twin", "text"}
    assert kept(rows(protocol=False)) == {"alone", "bits"}


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
