"""The targets, each module a family of readers with its `TARGETS`."""
