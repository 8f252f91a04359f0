"""Where bytes come from: a file, a folder, a project's own packer."""
