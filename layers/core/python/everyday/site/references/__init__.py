"""Which strings of a file may name another file of the site: one module per language, all pure."""
