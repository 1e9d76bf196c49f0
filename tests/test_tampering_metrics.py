"""Figures of tampered images, against counts by hand; and the page made of them."""

import numpy as np
import pandas as pd
import pytest

from starlight.metrics.before_after import compared
from starlight.metrics.tampering import measure, over_seeds


def table():
    """Four forged images of which three are found, two twins, a plain image, and two look-alikes, one flagged."""
    rows = [
        ("copy-move.turned", 1, "photograph", 0.005, False, 0.9, (60, 20, 20)),
        ("copy-move.turned", 1, "blot", 0.03, False, 0.2, (0, 0, 80)),
        ("splice.hard", 1, "blot", 0.1, False, 0.8, (80, 0, 0)),
        ("erase.fill", 1, "camera", 0.05, False, 0.7, (40, 40, 40)),
        ("", 0, "photograph", 0.0, True, 0.1, (0, 0, 0)),
        ("", 0, "blot", 0.0, True, 0.55, (0, 0, 0)),
        ("", 0, "camera", 0.0, False, 0.1, (0, 0, 0)),
        ("tiles", 0, "tiles", 0.0, False, 0.95, (0, 30, 0)),
        ("tiles", 0, "tiles", 0.0, False, 0.3, (0, 0, 0)),
    ]
    made = pd.DataFrame([r[:6] for r in rows], columns=["category", "label", "source", "area", "is_twin", "m_score"])
    made["kind"], made["cover_id"] = np.where(made["label"] == 1, "forged", "authentic"), [f"c{i}" for i in range(9)]
    made["m_flagged"] = (made["m_score"] >= 0.6).astype(int)
    for k, part in enumerate(("tp", "fp", "fn")):
        made[f"m_{part}"] = [r[6][k] for r in rows]
    made["m_tn"] = 1000 - made[["m_tp", "m_fp", "m_fn"]].sum(axis=1)
    made["m_of1"] = [0.75, 0.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.0, 1.0]
    return made


def test_figures_by_hand():
    found = measure(table(), "m")
    assert (found["fpr"], found["fpr_k"], found["fpr_n"]) == (0.2, 1, 5)
    assert found["recall"] == found["precision"] == 0.75
    assert found["at_half"]["fpr"] == 0.4
    assert found["lookalike"]["fpr"] == 0.5 and found["twin"]["fpr"] == 0.0 and found["plain"]["n"] == 1
    assert found["kinds"]["copy-move.turned"]["detection"] == 0.5
    assert found["families"]["erase"]["detection"] == 1.0
    assert {name: part["n"] for name, part in found["areas"].items()} == {"tiny": 1, "small": 1, "large": 2}
    assert found["mask"]["n"] == 3
    assert found["mask"]["f1"] == pytest.approx((0.75 + 1 + 0.5) / 3)
    assert found["of1"] == pytest.approx({"all": 6.25 / 9, "forged": 2.25 / 4, "authentic": 4 / 5})


def test_nothing_found_is_undefined_not_zero():
    none = table().assign(m_flagged=0, m_score=0.0)
    found = measure(none, "m")
    assert found["mask"]["n"] == 0 and np.isnan(found["mask"]["f1"]) and np.isnan(found["precision"])


def test_several_seeds():
    each = [measure(table(), "m"), measure(table().assign(m_flagged=0), "m")]
    found = over_seeds(each)
    assert found["fpr"] == {"least": 0.0, "mean": 0.1, "largest": 0.2}
    assert found["mask_f1"]["mean"] == pytest.approx(0.75)


def test_comparison_counts_the_images_that_changed():
    both = table().assign(n_flagged=lambda t: (t["m_score"] > 0.99).astype(int), n_score=lambda t: t["m_score"])
    groups = {"authentic": both["label"] == 0, "forged": both["label"] == 1}
    rows = compared(both, groups, ("m", "n"))
    rows = rows[rows["base_fpr"].isna()].set_index(["model", "group"])
    assert rows.loc[("n", "authentic"), "k"] == 0 and rows.loc[("m", "forged"), "k"] == 3
    assert rows.loc[("n", "forged"), "p_against_base"] == 0.25
