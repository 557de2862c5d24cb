"""How simulations look on a terminal, and above their pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from everyday.jobs.simulator.drawing import Panel

if TYPE_CHECKING:
    from rich.console import Console

    from everyday.jobs.simulator.result import Result
    from everyday.jobs.simulator.simulation import Simulated


def show_results(console: "Console", results: "Sequence[Result]") -> None:
    """A column for each policy, and what is broken."""
    first = results[0]
    console.print(f"[bold]{first.workload}[/], seed {first.seed}: {first.jobs:,} jobs")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for result in results:
        table.add_column(result.policy, justify="right", no_wrap=True)
    figures = [_figures(result) for result in results]
    for name in figures[0]:
        table.add_row(name, *(each.get(name, "") for each in figures))
    console.print(table)
    for result in results:
        for line in result.broken[:10]:
            console.print(f"[red]broken by {result.policy}:[/] {escape(line)}")


def _figures(result: "Result") -> dict[str, str]:
    """What is shown of one policy, by its name."""
    used = result.utilisation
    waits = {
        f"{job_class} wait, {what}": f"{seconds:,.0f} s"
        for job_class, wait in result.wait_seconds.items()
        for what, seconds in (("mean", wait.mean), ("p99", wait.p99))
    }
    return {
        "RunTask calls a job": f"{result.calls_per_job:.2f}",
        "rejects": f"{result.rejects:,}",
        "inversions": f"{result.inversions:,}",
        "starved": f"{result.starved:,}",
        "makespan": f"{result.makespan_seconds:,.0f} s",
        "makespan ÷ bound": f"{result.makespan_ratio:.3f}",
        "CPU used": f"{used.cpu:.0%}",
        "memory used": f"{used.memory:.0%}",
        **waits,
    }


def panel(run: "Simulated") -> Panel:
    """One simulation as a part of a picture."""
    result = run.result
    return Panel(f"{result.workload}: {result.policy}", counted(result), run.watch.moments)


def counted(result: "Result") -> str:
    """The figures that tell policies apart, on one line."""
    waits = ", ".join(f"{job_class} {wait.mean:,.0f} s" for job_class, wait in result.wait_seconds.items())
    parts = {
        "RunTask calls": result.run_task_calls,
        "rejects": result.rejects,
        "inversions": result.inversions,
    }
    counts = ", ".join(f"{count:,} {what}" for what, count in parts.items())
    return f"{counts}; mean wait: {waits}"
