"""Payloads in quantised DCT coefficients."""
