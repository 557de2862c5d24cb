"""Publish static sites: content-hashed assets, releases, rollback by one pointer."""
