"""Statistics of quantised DCT coefficients."""
