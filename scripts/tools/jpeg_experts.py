"""Fit the released experts of techniques in JPEG coefficients again, on JPEG files made for them; set thresholds."""

import argparse
import tempfile
from pathlib import Path

from starlight.detector.weights import load, write
from starlight.params import General, run_stage, section
from starlight.release.card import FOLDER, LEFT_OUT, WEIGHTS, forget_evidence, write_card
from starlight.release.evidence import make, own
from starlight.release.jpeg_experts import renew, set_thresholds, told
from starlight.release.jpeg_sample import listed, read, submissions
from starlight.release.refit import log_odds
from starlight.release.reset import write_left_out
from starlight.sample.build import SampleParams


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--release", type=Path, default=FOLDER, help="folder of the release, changed in place")
    arguments.add_argument("--covers", type=Path, help="folder of further photographs to take covers from")
    arguments.add_argument("--terms", default="", help="where those come from and under which terms, for the card")
    arguments.add_argument("--images", type=int, default=3500, help="authentic files with each seed")
    arguments.add_argument("--seeds", type=int, nargs="*", default=[902, 903], help="of the files")
    arguments.add_argument("--kept", type=Path, help="where such files lie, a submission each seed: used, or made")
    arguments.add_argument("--clean", type=Path, nargs="*", default=[], help="folders of real files to set thresholds")
    arguments.add_argument("--clean-images", type=int, default=20_000, help="clean files made with each seed besides")
    arguments.add_argument("--clean-seeds", type=int, nargs="*", default=[990_003, 990_004, 990_005], help="of those")
    arguments.add_argument("--collected", type=Path, help="file of what was read of the clean files: used, or written")
    return arguments.parse_args()


def main(raw: dict) -> None:
    options = _options()
    made_with, weights = section(raw, "sample", SampleParams), options.release / WEIGHTS
    stored = load(weights)
    with tempfile.TemporaryDirectory() as folder:
        kept, names = options.kept or Path(folder), stored.members[0].model.config.techniques
        files = listed(submissions(kept, options.images, options.seeds, made_with, options.covers))
        learnt, apart = (read(part, names) for part in files)
        factors = renew(stored.members, learnt, apart, seed=section(raw, None, General).seed)
        covers = options.terms or (options.covers.name if options.covers else "")
        meta = stored.meta | {"refitted": told(len(learnt.technique), factors, options.seeds, covers)}
        write(weights, stored.members, stored.calibration, meta)

        def clean():
            return [*make(Path(folder), options.clean_images, options.clean_seeds, made_with), *own(options.clean)]

        further = log_odds(weights, clean, options.collected)
        set_by = set_thresholds(weights, files.apart)
    write(weights, stored.members, set_by(further), meta)
    table = write_left_out(options.release / LEFT_OUT, set_by, further, stored.meta["ood_limit"])
    forget_evidence(options.release)
    write_card(options.release)
    print(table.to_markdown(index=False))


if __name__ == "__main__":
    run_stage(main)
