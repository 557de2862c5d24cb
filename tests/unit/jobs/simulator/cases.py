"""Small workloads, and simulations of them."""

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_state import MemoryState
from everyday.jobs.model import Amount, JobClass
from everyday.jobs.simulator.policies import Options, Policy, Stores
from everyday.jobs.simulator.simulation import Simulated, simulate
from everyday.jobs.simulator.workload import Workload, WorkloadJob

STORES = Stores(MemoryState, MemoryLedger)
ROOM = Amount(cpu=1024, memory=1000)


def a_job(job_id: str, memory: int = 100, **changes: object) -> WorkloadJob:
    job = WorkloadJob(job_id, JobClass.NORMAL, Amount(memory=memory), 0, 60_000)
    return job._replace(**changes)


def a_workload(*jobs: WorkloadJob, instances: tuple[Amount, ...] = (ROOM,)) -> Workload:
    return Workload("test", instances, tuple(sorted(jobs, key=lambda job: job.submitted)))


def run(workload: Workload, policy: Policy = Policy.EVERYDAY, **options: object) -> Simulated:
    return simulate(workload, policy, STORES, Options(**options))
