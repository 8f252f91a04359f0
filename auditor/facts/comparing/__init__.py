"""Facts about what an artifact is compared with: earlier records of it, sizes of its releases."""
