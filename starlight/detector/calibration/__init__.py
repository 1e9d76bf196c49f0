"""From scores to verdicts: thresholds by class of picture, who may speak, and probabilities."""
