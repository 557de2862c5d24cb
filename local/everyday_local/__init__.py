"""Local mode: the whole system on this machine, without an AWS account, bound to loopback only."""
