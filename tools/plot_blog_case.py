"""Draws how the blog's workload drains by a queue that retries and by the scheduler, for the documentation.

python -m tools.plot_blog_case    writes docs/images/jobs-blog-case.svg
"""

from pathlib import Path

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_state import MemoryState
from everyday.jobs.simulator.drawing import Panel, drain
from everyday.jobs.simulator.generated import blog
from everyday.jobs.simulator.policies import Options, Policy, Stores
from everyday.jobs.simulator.simulation import Simulated, simulate
from everyday_cli.jobs_simulate_views import counted

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "jobs-blog-case.svg"
SEED = 1
STORES = Stores(MemoryState, MemoryLedger)
TITLES = {
    Policy.SEED: "One queue, and what does not fit is tried again after 30 seconds",
    Policy.EVERYDAY: "The scheduler: highest class first, and only what fits",
}


def main() -> None:
    runs = {policy: simulate(blog(SEED), policy, STORES, Options(seed=SEED)) for policy in TITLES}
    PICTURE.write_text(drain([_panel(title, runs[policy]) for policy, title in TITLES.items()]))


def _panel(title: str, run: Simulated) -> Panel:
    return Panel(title, counted(run.result), run.watch.moments)


if __name__ == "__main__":
    main()
