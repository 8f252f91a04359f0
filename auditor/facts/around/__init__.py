"""Facts about what is known besides a lockfile: earlier states, what is installed, traces."""
