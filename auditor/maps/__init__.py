"""Reading source maps (ECMA-426): what they hold, where they hide, what links to them."""
