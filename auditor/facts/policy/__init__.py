"""Facts about the user's policy itself: waivers that no longer hold, data that is too old."""
