"""A stand-in for Instagram: the wire protocol of graph.instagram.com over an account of ours.

`python -m everyday_local.instagram --port 0 --state DIR` runs it; tests use `running(...)` from `run`.
"""
