"""The detector: encoders, fusion and heads."""

from starlight.detector.model.unified import DetectorConfig, Output, UnifiedStarlightDetector

__all__ = ["DetectorConfig", "Output", "UnifiedStarlightDetector"]
