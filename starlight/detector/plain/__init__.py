"""The detector in NumPy alone: what the wheel answers with."""
