"""The detector: encoders, fusion and heads."""

from starlight.model.detector import DetectorConfig, Output, UnifiedStarlightDetector

__all__ = ["DetectorConfig", "Output", "UnifiedStarlightDetector"]
