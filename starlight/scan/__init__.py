"""Submissions found, checked and listed in one manifest."""
