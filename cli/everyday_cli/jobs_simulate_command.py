"""`everyday jobs simulate`: a workload through the scheduler and through other ways, offline."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from everyday.jobs.simulator.conditions import CONDITIONS
from everyday.jobs.simulator.policies import Estimates, Options, Policy
from everyday.jobs.simulator.traces import RANKS, Cut
from everyday_cli.commands import Command
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.jobs.model import Amount
    from everyday.jobs.simulator.simulation import Simulated
    from everyday.jobs.simulator.workload import Workload

EXAMPLES = """
everyday jobs simulate --workload blog --policy everyday --seed 1 --json
everyday jobs simulate --workload flood --jobs 3000 --policy strict --policy greedy --policy everyday
everyday jobs simulate --workload trace.swf --queue-rank 3,2,1 --load 0.95 --plot drain.svg
"""


def _amount(_: click.Context, __: click.Parameter, text: str | None) -> "Amount | None":
    from everyday.jobs.model import Amount

    return Amount(*_numbers(text, 2, 3)) if text else None


def _ranks(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
    return _numbers(text, 3, 3)


def _numbers(text: str, least: int, most: int) -> tuple[int, ...]:
    parts = text.split(",")
    if not least <= len(parts) <= most or not all(part.strip().isdigit() for part in parts):
        raise click.BadParameter(f"{text!r}: give {least} to {most} whole numbers with commas between them")
    return tuple(int(part) for part in parts)


def _part_of_trace(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that choose which part of a workload is run, and on what."""
    positive = click.IntRange(1)
    for option in (
        click.option("--instance", callback=_amount, help="What each offers: CPU units,MiB[,GPUs]."),
        click.option("--instances", type=positive, help="How many instances the cluster has."),
        click.option("--longest", type=positive, help="Cut run times, in seconds."),
        click.option("--load", type=click.FloatRange(0, 10, min_open=True), help="Offered load: 1 is all."),
        click.option("--skip", type=positive, help="Leave so many at the end of a trace out."),
        click.option("--jobs", type=positive, help="How many jobs; of a trace the last ones."),
    ):
        command = option(command)
    return command


@click.command(cls=Command, examples=EXAMPLES)
@click.option(
    "--workload",
    "name",
    required=True,
    metavar="NAME|FILE|FOLDER",
    help="blog, flood, lublin; a JSON document, an .swf file, or a folder with openb's two lists.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Choice([policy.value for policy in Policy]),
    default=("everyday",),
    show_default=True,
    help="Who decides; repeat it to compare.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="What chance draws from.")
@click.option(
    "--conditions",
    type=click.Choice(list(CONDITIONS)),
    default="calm",
    show_default=True,
    help="How AWS behaves: no delay, a good day, or a bad one with losses and crashes.",
)
@click.option(
    "--estimates",
    type=click.Choice([each.value for each in Estimates]),
    default="true",
    show_default=True,
    help="What jobs say of their run time.",
)
@click.option(
    "--queue-rank",
    "ranks",
    callback=_ranks,
    default=",".join(map(str, RANKS)),
    show_default=True,
    help="Queue numbers of an .swf file: of high, of normal, of low.",
)
@click.option("--whole", is_flag=True, help="Run the scheduler with its ledger, claims and sweeps, too.")
@_part_of_trace
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the drain as SVG.")
def simulate(
    name: str,
    policies: tuple[str, ...],
    seed: int,
    conditions: str,
    estimates: str,
    ranks: tuple[int, ...],
    plot: Path | None,
    whole: bool,
    **part: Any,
) -> int:
    """Run a workload through the production planner, or another policy, against a model of ECS.

    Nothing outside is touched. With --json one policy is one object, several are a list.
    """
    from everyday_cli.jobs_simulate_views import show_results
    from everyday_cli.jobs_workloads import workload

    cut = Cut(**{key: value for key, value in part.items() if value is not None})
    found = workload(name, seed=seed, cut=cut, ranks=ranks)
    options = Options(
        seed=seed, conditions=CONDITIONS[conditions], estimates=Estimates(estimates), whole=whole
    )
    runs = _runs(found, policies, options)
    if plot:
        _draw(plot, runs)
    results = [run.result for run in runs]
    document = results[0] if len(results) == 1 else results
    current().result(document, lambda console: show_results(console, results))
    return 1 if any(result.broken for result in results) else 0


def _runs(found: "Workload", policies: tuple[str, ...], options: Options) -> "list[Simulated]":
    from everyday.adapters.memory_ledger import MemoryLedger
    from everyday.adapters.memory_state import MemoryState
    from everyday.jobs.simulator.policies import Stores
    from everyday.jobs.simulator.simulation import simulate as run

    stores = Stores(MemoryState, MemoryLedger)
    with current().progress() as progress:
        return [run(found, Policy(policy), stores, options, progress=progress) for policy in policies]


def _draw(path: Path, runs: "list[Simulated]") -> None:
    from everyday.jobs.simulator.drawing import drain
    from everyday_cli.jobs_simulate_views import panel

    path.write_text(drain([panel(run) for run in runs]), encoding="utf-8")
    current().log(f"drawn: {path}")
