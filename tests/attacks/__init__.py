"""The hostile archives, one function for each; see `tests/archives.py`."""
