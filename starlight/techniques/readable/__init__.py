"""Payloads in scan order, which can be read back."""
