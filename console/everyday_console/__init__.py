"""The owner's web page, on loopback."""
