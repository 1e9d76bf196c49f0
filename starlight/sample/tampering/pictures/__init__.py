"""Authentic pictures that can be tampered with: photographs that packages ship, and rendered scientific ones."""
