"""The planner: which waiting jobs start now, and where. Pure."""

from collections.abc import Sequence

from everyday.jobs.model import Job
from everyday.jobs.plan import Plan, Rules, Situation


def plan(waiting: Sequence[Job], situation: Situation, rules: Rules) -> Plan:
    """Decide for the waiting jobs, given in rank order."""
    raise NotImplementedError
