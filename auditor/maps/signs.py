"""What stands in every file that carries source text in a form other than a map file.

Asked of every file, so that the readers of these forms are imported where one is met.
"""

from __future__ import annotations

WRITTEN = b"sourcesContent"
"""The literal that every map has that is written into code as an object (`written`)."""
EVALUATED = b"# sourceURL="
"""The literal that each module has that is evaluated as a string (`evaluated`)."""
BUN = b"\n---- Bun! ----\n"
"""The literal at the end of a program of bun; bun's own code holds it, too (`bun`)."""
DENO = b"d3n0l4nd"
"""The literal before and behind what deno appends; deno's own code holds it, too (`deno`)."""
PKG = b"(function(process, require, console, EXECPATH_FD, PAYLOAD_POSITION, PAYLOAD_SIZE) { "
"""The literal with which the code of pkg's programs begins, and the contents end (`pkg`)."""
