"""V3 and V4 side by side: the baseline report."""
