"""The composition root of `site`: settings in, use cases out. Nothing connects before it is used."""
