"""The page as a browser shows it, where there is one."""

import shutil
import subprocess

import numpy as np
import pytest
import tiny
from PIL import Image

from starlight.detector.detector import Detector
from starlight.detector.explain import explain

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
COLOUR = (10, 200, 90)


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
@pytest.mark.parametrize(("scheme", "bright"), [("1", True), ("0", False)])
def test_picture_is_shown_in_light_and_dark(tmp_path, scheme, bright):
    Image.new("RGB", (300, 200), COLOUR).save(tmp_path / "x.png")
    detector = Detector.load(tiny.weights(tmp_path / "w.safetensors"))
    (tmp_path / "page.html").write_text(explain(detector, str(tmp_path / "x.png")), encoding="utf-8")
    (tmp_path / "profile").mkdir()
    subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            f"--user-data-dir={tmp_path / 'profile'}", f"--blink-settings=preferredColorScheme={scheme}",
            "--window-size=900,1200", f"--screenshot={tmp_path / 'shot.png'}", (tmp_path / "page.html").as_uri(),
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    shot = np.asarray(Image.open(tmp_path / "shot.png").convert("RGB"))
    assert (np.abs(shot.astype(int) - COLOUR).max(axis=2) <= 2).sum() > 20_000
    assert (shot[:5].mean() > 200) == bright
