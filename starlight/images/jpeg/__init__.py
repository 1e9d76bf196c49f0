"""JPEG coefficients: reading and writing them, transforming them, calibrating them."""
