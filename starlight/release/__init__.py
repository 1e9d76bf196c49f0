"""The released detector: its card, its evidence, its export."""
