"""Starlight: a reproducible pipeline that learns to find data hidden in images."""

import importlib

__all__ = ["Detector", "load_unified_input"]

__version__ = "4.0.0"
_HOME = {"Detector": "starlight.detector.detector", "load_unified_input": "starlight.streams.load"}


def __getattr__(name: str):
    """Load what is asked for, and only then what it needs: torch takes seconds to import."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
