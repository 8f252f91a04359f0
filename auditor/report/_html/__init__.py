"""What the HTML report is made of: its values, templates, style and script."""
