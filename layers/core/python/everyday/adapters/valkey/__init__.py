"""The state of clusters in Valkey."""
