"""From scores to verdicts: thresholds by container class, and probabilities."""
