"""What the task forgery does in its own way: suspicions in place of streams, boosted trees in place of a network."""
