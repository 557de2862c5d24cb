"""The composition root of `cloudtop`: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda.
"""
