"""`Detector`: every file gets an answer, and the answer says what it rests on."""

import functools
import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import tiny
import torch
from PIL import Image

from starlight import Detector
from starlight.detector import torch_runtime
from starlight.detector.answer import VERDICTS
from starlight.detector.calibration import judgement
from starlight.detector.calibration.judgement import named
from starlight.detector.installed import find_weights
from starlight.errors import StarlightError
from starlight.images.containers import Limits
from starlight.images.image import decode, read
from starlight.techniques import OTHER, TECHNIQUES, get, protocol
from starlight.techniques.constraints import constraint_mask


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("detector")


@pytest.fixture(scope="module")
def files(folder):
    return tiny.images(folder / "images")


@pytest.fixture(scope="module")
def flags_all(folder):
    return Detector.load(tiny.weights(folder / "all.safetensors", threshold=-3.0))


@pytest.fixture(scope="module")
def flags_none(folder):
    return Detector.load(tiny.weights(folder / "none.safetensors", threshold=3.0))


def test_answers_of_a_clean_verdict(flags_none, files):
    answer = flags_none.detect(files[0])
    assert (answer.verdict, answer.technique, answer.payload_preview) == ("clean", None, None)
    assert answer.path == str(files[0]) and answer.probability < answer.threshold
    assert answer.fpr == 0.001 and answer.ms > 0 and len(answer.sample_id) == 16


def test_answers_of_a_stego_verdict(flags_all, files):
    for path in files:
        answer = flags_all.detect(path)
        assert answer.verdict == "stego" and answer.probability >= answer.threshold
        read = {name: p for name, p in answer.techniques.items() if name in protocol() and p >= answer.threshold}
        assert answer.technique == max(read or answer.techniques, key=answer.techniques.get)


def test_only_possible_techniques_are_listed(flags_all, files):
    by_kind = {path.name[4:]: flags_all.detect(path).techniques for path in files}
    assert {"other"} == set(by_kind["index.png"]) == set(by_kind["anim.gif"])
    assert "f5" in by_kind["photo.jpg"] and "lsbr" not in by_kind["photo.jpg"]
    assert "lsbr" in by_kind["grey.png"] and "f5" not in by_kind["grey.png"]


def test_a_readable_technique_is_named_only_where_its_payload_is_read(flags_all, files, tmp_path):
    """However loud its expert is: slopes have statistics like those of text."""
    assert not {name for path in files for name in flags_all.detect(path).techniques} & set(protocol())
    carrier = tmp_path / "carrier.png"
    pixels = np.asarray(Image.open(files[0]).convert("RGB"))
    Image.fromarray(get("lsb.rgb").embed(pixels, b"We meet at the old bridge, at nine o'clock.")).save(carrier)
    assert set(flags_all.detect(carrier).techniques) & set(protocol()) == {"lsb.rgb"}


def test_unlike_training_and_flagged_on_statistics_alone_is_cannot_tell(folder, files):
    detector = Detector.load(tiny.weights(folder / "ood.safetensors", threshold=-3.0, ood_limit=-1.0))
    answer = detector.detect(files[4])  # a JPEG: no readable technique is possible
    assert answer.verdict == "cannot tell" and answer.technique
    assert answer.reason.startswith("unlike training images")


def test_bytes_and_path_get_the_same_answer(flags_all, files):
    one, other = flags_all.detect(files[0]), flags_all.detect(files[0].read_bytes())
    assert other.path == "<bytes>"
    assert (one.verdict, one.probability, one.techniques) == (other.verdict, other.probability, other.techniques)


def test_payload_that_decodes_is_shown_escaped(flags_all, tmp_path):
    text = b"attack at dawn \x1b[31m and again at dusk, says the third messenger of the night"
    stego = get("alpha").embed(tiny.pixels(channels=4), text)
    Image.fromarray(stego).save(tmp_path / "a.png")
    answer = flags_all.detect(tmp_path / "a.png")
    assert answer.payload_preview.startswith("attack at dawn \\x1b[31m and again")
    assert len(answer.payload_preview) <= 80
    assert answer.reason.startswith(f"text of {len(text)} bytes in bit 0") and "alpha" in answer.reason


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_broken_file_is_unreadable_with_its_reason(flags_all, tmp_path, content):
    (tmp_path / "x.png").write_bytes(content)
    answer = flags_all.detect(tmp_path / "x.png")
    assert answer.verdict == "unreadable" and answer.reason
    assert answer.probability is None and answer.sample_id is None


def test_truncated_image_is_unreadable(flags_all, files):
    answer = flags_all.detect(files[0].read_bytes()[:-500])
    assert answer.verdict == "unreadable"


def test_missing_file_and_pipe_are_unreadable(flags_all, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    reasons = [flags_all.detect(tmp_path / name).reason for name in ("gone.png", "pipe.png", ".")]
    assert reasons == ["cannot be opened: No such file or directory", "not a regular file", "not a regular file"]


def test_many_is_lazy_and_in_order(flags_none, files):
    answers = flags_none.detect_many(iter(files))
    assert next(answers).path == str(files[0])
    assert [a.path for a in answers] == [str(f) for f in files[1:]]
    assert all(a.verdict in VERDICTS for a in flags_none.detect_many(files))


def test_black_image_is_judged_alike_alone_and_in_company(flags_all, files):
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, "png")
    black, other = flags_all.judge(out.getvalue()), flags_all.judge(files[0])
    together = flags_all.predictor.predict([black.record, other.record], black.classes + other.classes)
    assert np.allclose(together.logits[0], black.prediction.logits[0], atol=1e-5)
    assert np.allclose(together.cells[0], black.prediction.cells[0], atol=1e-5)


def test_threads_share_one_detector(flags_all, files):
    expected = [flags_all.detect(f).techniques for f in files]
    found: dict[int, list] = {}

    def work(i):
        found[i] = [flags_all.detect(f).techniques for f in files]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers == expected for answers in found.values()) and len(found) == 4


def test_one_image_is_judged_in_one_thread(flags_all, files, monkeypatch):
    seen, before, answers = [], torch.get_num_threads(), torch_runtime.answers
    monkeypatch.setattr(torch_runtime, "answers", lambda *of: seen.append(torch.get_num_threads()) or answers(*of))
    torch.set_num_threads(2)
    try:
        flags_all.detect(files[0])
        assert seen and set(seen) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_trained_detector_is_the_default_only_when_it_was_promoted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models/promoted").mkdir(parents=True)
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "models" / "detector.safetensors").touch()
    assert find_weights()[1] == "released"
    (tmp_path / "models/promoted/detector.safetensors").touch()
    path, origin = find_weights()
    assert (path.parts, origin) == (("models", "promoted", "detector.safetensors"), "promoted")


def test_models_of_a_folder_that_is_no_project_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models/promoted").mkdir(parents=True)
    (tmp_path / "models/promoted/no-such-name.safetensors").touch()
    with pytest.raises(StarlightError, match=r"promoted/no-such-name\.safetensors: no detector found"):
        find_weights("no-such-name.safetensors")


def test_damaged_or_missing_weights_are_one_line(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    for name in ("x.safetensors", "gone.safetensors"):
        with pytest.raises(StarlightError, match=name):
            Detector.load(tmp_path / name)
    with pytest.raises(StarlightError, match="runtime: 'tpu' is unknown"):
        Detector.load(runtime="tpu")


def test_weights_of_another_version_of_a_stream_are_refused_at_once(tmp_path, monkeypatch):
    path = tiny.weights(tmp_path / "w.safetensors")
    monkeypatch.setattr("starlight.streams.content.FEATURES", ("one",))
    with pytest.raises(StarlightError, match=r"w\.safetensors: made for another version of the stream content"):
        Detector.load(path)
    monkeypatch.undo()
    older = tiny.weights(tmp_path / "older.safetensors", stream_versions={"dct": 1})
    with pytest.raises(StarlightError, match=r"older\.safetensors: made for another version of the stream dct"):
        Detector.load(older)


def test_importing_the_package_loads_neither_torch_nor_numpy():
    code = "import sys, starlight; print(sorted({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_reading_and_judging_need_no_torch():
    code = "import sys, starlight.detector.detector, starlight.detector.plain.runtime; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_same_answer_whatever_the_name(flags_all, files, tmp_path):
    other = tmp_path / os.fsdecode(b"caf\xe9\n.dat")
    other.write_bytes(files[0].read_bytes())
    one, two = flags_all.detect(files[0]), flags_all.detect(other)
    assert np.isclose(one.probability, two.probability, rtol=0, atol=0) and two.path == str(other)


def test_an_answer_does_not_depend_on_the_map(flags_all, files):
    """`detect` leaves the map out where it can; `judge` makes it."""
    for path in files:
        quick, whole = flags_all.detect(path), flags_all.judge(path).detection
        assert (quick.verdict, quick.probability, quick.techniques) == (
            whole.verdict,
            whole.probability,
            whole.techniques,
        )


def test_what_is_read_names_the_technique():
    names = ("alpha", "lsb.rgb", "lsbr")
    scores = np.array([[-np.inf, 2.0, 9.0], [-1.0, -0.5, 0.3], [-3.0, -2.0, -1.0], [0.5, 0.1, -9.0]])
    assert named(scores, names).tolist() == ["lsb.rgb", "lsbr", "lsbr", "alpha"]


def test_a_part_is_named_where_an_image_is_too_large_to_be_seen_whole(flags_none, files, monkeypatch):
    monkeypatch.setattr(
        "starlight.detector.detector.decode", functools.partial(decode, limits=Limits(seen_pixels=13_000))
    )
    answer = flags_none.detect(tiny.images(files[0].parent / "large", 1, side=200)[0].read_bytes())
    assert "megapixels the first 32 % were looked at" in answer.reason


def test_weights_of_fewer_techniques_speak_of_those(tmp_path, monkeypatch):
    """Techniques that were listed since do not shift what released weights say."""
    weights, picture = (
        tiny.weights(tmp_path / "w.safetensors", experts=True),
        tiny.images(tmp_path / "images", count=1)[0],
    )
    before = Detector.load(weights).detect(picture)
    more = (*TECHNIQUES[:5], "new", *TECHNIQUES[5:])
    monkeypatch.setattr(judgement, "LABELS", (*more, OTHER))
    mask = np.insert(constraint_mask(read(str(picture))), 5, True)
    monkeypatch.setattr("starlight.detector.detector.constraint_mask", lambda _: mask)
    monkeypatch.setattr("starlight.findings.reading.reader.LABELS", (*more, OTHER))
    after = Detector.load(weights).detect(picture)
    assert after.techniques == before.techniques and after.probability == before.probability
    with pytest.raises(StarlightError, match="made for gone, which"):
        judgement.columns(["alpha", "gone"])
