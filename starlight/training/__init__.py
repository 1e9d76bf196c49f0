"""The training loop and its parts, shared by the base detector, the baseline and fine-tuning."""
