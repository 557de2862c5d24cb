"""The blog of local mode: a light stand-in for Ghost, and the real Ghost 6."""
