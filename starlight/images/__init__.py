"""Images: one reader for all of them; containers, quantised coefficients, writing."""
