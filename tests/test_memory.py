"""Memory that workers keep."""

import subprocess
import sys

import pytest

from starlight.system.memory import keep_freed

_FAULTS = """
import resource
import numpy as np
from starlight.system.memory import keep_freed

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        planes = [np.ones(1 << 19, np.float32) for _ in range(6)]
        del planes
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
before = faults()
keep_freed()
faults()
print(before, faults())
"""


def test_memory_that_is_kept_costs_no_page_faults_when_it_is_asked_for_again():
    if not keep_freed():
        pytest.skip("not glibc's allocator")
    said = subprocess.run([sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True)
    before, after = map(int, said.stdout.split())
    assert after < before / 2
