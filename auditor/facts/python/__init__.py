"""Facts about Python's distributions alone: a call that sees none does not import them."""
