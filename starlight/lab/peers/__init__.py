"""Detection beside other detectors."""
