"""Payloads at pseudo-random or adaptive places of samples."""
