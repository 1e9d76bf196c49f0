"""Richer statistics of JPEG files beside those of today, on files of other sources."""
