"""Simulate a cluster: the production planner against models of ECS, SQS, EventBridge and Lambda.

Discrete events, no clock of the machine, no network: the same workload, policy, conditions and seed give the
same answer, down to the last start. Only `planner_ms` is measured on the machine that runs it. No Lambda
imports this package.
"""
