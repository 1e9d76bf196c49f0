"""The detector that answers: runtimes, weights, calibration, explanation."""
