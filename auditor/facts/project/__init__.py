"""Facts about the project that a package is packed from: its settings, its lists, its git."""
