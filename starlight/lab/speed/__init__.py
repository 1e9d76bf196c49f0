"""Speed of extraction, of detection, and at many images."""
