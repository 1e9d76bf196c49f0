"""Splice and erasing: parts whose noise, resampling or compression is not that of the rest."""
