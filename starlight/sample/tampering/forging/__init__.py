"""Ways to tamper with a picture, one module each."""
