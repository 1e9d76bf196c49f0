"""`Detector`: a file in, an answer out."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from starlight.detector.answer import CANNOT_TELL, CLEAN, STEGO, UNREADABLE, Detection
from starlight.detector.calibration.classes import picture_class
from starlight.detector.calibration.judgement import Prediction, named, silence
from starlight.detector.installed import find_weights, installed_runtime, need_torch
from starlight.detector.predictor import Predictor
from starlight.detector.previews import preview
from starlight.detector.runtimes import RUNTIMES, load_predictor
from starlight.detector.wording import notes, reason
from starlight.errors import BadImage, StarlightError
from starlight.findings.reading.reader import Reading
from starlight.findings.reading.reader import read as read_all
from starlight.images.image import Image, decode, read, sample_id
from starlight.images.picture import facts
from starlight.streams.compute import compute_streams
from starlight.techniques.constraints import constraint_mask

__all__ = ["Detector", "read_file"]

_BYTES = "<bytes>"  # path of what was given as bytes


class Judged(NamedTuple):
    """An image with what was read in it and computed from it on the way to its answer."""

    image: Image
    reading: Reading
    record: dict[str, np.ndarray]
    classes: list[str]
    prediction: Prediction
    detection: Detection


class _Record(dict):
    """Streams of an image; one that is not there yet is computed when it is asked for."""

    def __init__(self, image: Image, max_tiles: int) -> None:
        super().__init__()
        self._image, self._max_tiles = image, max_tiles

    def __missing__(self, name: str) -> np.ndarray:
        self.update(compute_streams(self._image, [name], self._max_tiles))
        return self[name]


class Detector:
    """A trained detector. Safe to share between threads.

    Parameters
    ----------
    predictor : Predictor
        Weights in a runtime.
    description : str
        Which detector this is, for people.

    Examples
    --------
    >>> from starlight import Detector
    >>> detector = Detector.load()                    # doctest: +SKIP
    >>> detector.detect("photo.png").verdict          # doctest: +SKIP
    'clean'
    """

    def __init__(self, predictor: Predictor, description: str = "") -> None:
        self.predictor, self.description = predictor, description

    @classmethod
    def load(cls, path: str | Path | None = None, *, runtime: str | None = None, fpr: float | None = None) -> Detector:
        """Load a detector.

        Parameters
        ----------
        path : path, optional
            A weights file; else one promoted in this project, else the released one (see `find_weights`).
        runtime : {"torch", "numpy", "onnx"}, optional
            Else onnx for a file of that name, else torch where it is installed, else numpy.
        fpr : float, optional
            False-positive rate to judge at, one that the weights have thresholds for; theirs unless given.

        Raises
        ------
        StarlightError
            There is no such file, it is no detector, or it has no thresholds for that rate.
        """
        runtime = runtime or installed_runtime(path)
        if runtime not in RUNTIMES:
            raise StarlightError(f"runtime: {runtime!r} is unknown, use one of {', '.join(RUNTIMES)}")
        if runtime == "onnx" and path is None:
            raise StarlightError("runtime onnx: name the file that `make export` wrote with --model")
        file, origin = (Path(path), "given") if path is not None else find_weights()
        if runtime == "torch":
            need_torch(path)
        predictor = load_predictor(runtime, file)
        predictor.calibration = calibration = predictor.calibration.at(fpr)
        name, rate = predictor.meta.get("name", "unnamed"), calibration.target_fpr
        where = runtime if origin == "released" else f"{file}, {runtime}"  # pages with it are passed on
        return cls(predictor, f"{origin} detector {name!r} ({where}), judged at an FPR of {rate:.3g}")

    def detect(self, source: str | os.PathLike[str] | bytes) -> Detection:
        """Judge one file, or the bytes of one. What cannot be read is `unreadable`, with the reason."""
        started = time.perf_counter()
        try:
            return self.judge(source, started=started, maps=False).detection
        except BadImage as error:
            name = _BYTES if isinstance(source, bytes) else os.fspath(source)
            return Detection(name, UNREADABLE, reason=error.reason, ms=_ms(started), **self._standard())

    def detect_many(self, sources: Iterable[str | os.PathLike[str] | bytes]) -> Iterator[Detection]:
        """Judge one after the other, lazily; `starlight detect` spreads the work over processes."""
        return map(self.detect, sources)

    def judge(
        self, source: str | os.PathLike[str] | bytes, *, started: float | None = None, maps: bool = True
    ) -> Judged:
        """As `detect`, with what led to the answer.

        Parameters
        ----------
        source : path or bytes
        started : float, optional
            `time.perf_counter` when the work on the file began, for `ms` of the answer; else now.
        maps : bool
            Whether to predict where in the image a payload lies; the rest is the same without.

        Raises
        ------
        BadImage
            The file cannot be read.
        """
        started = time.perf_counter() if started is None else started
        name = _BYTES if isinstance(source, bytes) else os.fspath(source)
        image = decode(source) if isinstance(source, bytes) else read_file(name)
        record = _Record(image, self.predictor.max_tiles)
        wanted = self.predictor.streams if maps else self.predictor.quick_streams
        record |= compute_streams(image, wanted, self.predictor.max_tiles)
        reading = read_all(image)
        record["mask"], record["found"] = constraint_mask(image), reading.techniques
        record["facts"] = facts(image)
        classes = [picture_class(record["facts"])]
        prediction = self.predictor.predict([record], classes, maps=maps)
        answer = self._answer(name, image, reading, prediction, started)
        answer.silent.update(silence(self.predictor.calibration, classes[0], prediction.technique_scores[0]))
        return Judged(image, reading, record, classes, prediction, answer)

    def _answer(self, name: str, image: Image, reading: Reading, prediction: Prediction, started: float) -> Detection:
        flagged, abstain = bool(prediction.score[0] >= 0), bool(prediction.abstain[0])
        scores = prediction.technique_scores[0]
        each = {
            technique: round(float(p), 6)
            for technique, score, p in zip(
                self.predictor.techniques, scores, self.predictor.calibration.probability(scores), strict=True
            )
            if np.isfinite(score)
        }
        verdict = CANNOT_TELL if abstain else STEGO if flagged else CLEAN
        technique = None if verdict == CLEAN else str(named(scores[None], self.predictor.techniques)[0])
        found = next((f for f in reading.hidden if f.technique == technique), None)
        return Detection(
            name, verdict,
            probability=round(float(prediction.probability[0]), 6), technique=technique, techniques=each,
            payload_preview=preview(found.payload) if found else None,
            reason=reason(verdict, technique, reading, prediction) + _part(image), notes=notes(reading),
            sample_id=sample_id(image.data), **self._standard(), ms=_ms(started),
        )  # fmt: skip

    def _standard(self) -> dict[str, float]:
        """What the answer was judged at."""
        calibration = self.predictor.calibration
        return {"threshold": round(float(calibration.probability(0.0)), 6), "fpr": calibration.target_fpr}


def read_file(path: str) -> Image:
    """Read a regular file: opening a pipe or a device would wait for ever."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadImage("not a regular file")
    except (OSError, ValueError) as error:
        raise BadImage(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    return read(path)


def _part(image: Image) -> str:
    """What to add to the reason where an image is too large to be looked at as a whole."""
    if image.share_seen == 1:
        return ""
    c = image.container
    return f"; of its {c.width * c.height / 1e6:.0f} megapixels the first {100 * image.share_seen:.0f} % were looked at"


def _ms(started: float) -> float:
    return round(1e3 * (time.perf_counter() - started), 3)
