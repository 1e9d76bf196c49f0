"""Export the detector: models/starlight.onnx and its 8-bit version, both checked against torch on images."""

import argparse
import json
from pathlib import Path

from starlight.detector.detector import Detector
from starlight.detector.installed import find_weights
from starlight.detector.onnx_runtime import OnnxPredictor
from starlight.errors import StarlightError
from starlight.release.export import quantise, write_onnx
from starlight.release.export_check import TOLERANCE, compare, records_of


def main(args: argparse.Namespace) -> None:
    weights = Path(args.model) if args.model else find_weights()[0]
    out, small = Path(args.out), Path(args.out).with_suffix(".int8.onnx")
    detector = Detector.load(weights)
    records, classes, labels = records_of(detector, Path(args.images), args.count)
    write_onnx(weights, out, records)
    quantise(out, small)
    report = {}
    for name, path in (("float32", out), ("int8", small)):
        report[name] = compare(detector.predictor, OnnxPredictor.load(path), records, classes, labels)
        report[name]["megabytes"] = round(path.stat().st_size / 1e6, 3)
    print(json.dumps(report, indent=2, sort_keys=True))
    Path("reports/bench").mkdir(parents=True, exist_ok=True)
    Path("reports/bench/onnx.json").write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")
    worst = max(report["float32"]["logits_difference"], report["float32"]["cells_difference"])
    print(f"{out}: largest difference to torch on {len(records)} images: {worst:.2e}")
    if not worst < TOLERANCE:
        raise StarlightError(f"{out}: differs from torch by {worst:.2e}, allowed is {TOLERANCE:g}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="weights (default: as for `starlight detect`)")
    parser.add_argument("--out", default="models/starlight.onnx")
    parser.add_argument("--images", default="datasets", help="folder of images to check on (default: datasets)")
    parser.add_argument("--count", type=int, default=200, help="how many of them (default: 200)")
    try:
        main(parser.parse_args())
    except StarlightError as error:
        raise SystemExit(f"export: {error}") from None
