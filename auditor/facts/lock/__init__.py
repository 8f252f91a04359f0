"""The facts about lockfiles, imported only where a lockfile is judged."""
