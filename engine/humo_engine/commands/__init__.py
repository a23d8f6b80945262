"""The commands of `cli.py`, a file each: `add_to` declares its arguments, `run` does it.

What takes seconds to import (PyTorch, diffusers, transformers) is imported when a command runs that needs it, never at the top of these files.
"""
