"""The command line: every capability from a terminal or a script."""
