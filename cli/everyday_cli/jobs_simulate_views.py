"""How simulations look on a terminal, and above their pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from everyday.jobs.model import JobClass
from everyday.jobs.simulator.drawing import Panel

if TYPE_CHECKING:
    from rich.console import Console

    from everyday.jobs.simulator.result import Result
    from everyday.jobs.simulator.simulation import Simulated


def show_results(console: "Console", results: "Sequence[Result]") -> None:
    """A line for each policy, and what is broken."""
    first = results[0]
    console.print(f"[bold]{first.workload}[/], seed {first.seed}: {first.jobs} jobs")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("policy")
    waits = [f"{job_class}\nwaits" for job_class in JobClass if job_class in first.wait_seconds]
    for column in ("calls", "rejects", "inver-\nsions", "starved", "span", "÷\nbound", "used", *waits):
        table.add_column(column, justify="right")
    for result in results:
        table.add_row(*_cells(result))
    console.print(table)
    console.print(
        "[dim]calls: of RunTask for each job; span: seconds until all is done; bound: nobody can beat it;\n"
        "used: CPU/memory in percent; waits: mean/p99 in seconds[/]"
    )
    for result in results:
        for line in result.broken[:10]:
            console.print(f"[red]broken by {result.policy}:[/] {line}", markup=True)


def _cells(result: "Result") -> list[str]:
    used = result.utilisation
    return [
        result.policy,
        f"{result.calls_per_job:.2f}",
        f"{result.rejects:,}",
        f"{result.inversions:,}",
        f"{result.starved:,}",
        f"{result.makespan_seconds:,.0f}",
        f"{result.makespan_ratio:.3f}",
        f"{100 * used.cpu:.0f}/{100 * used.memory:.0f}",
        *(f"{wait.mean:,.0f}/{wait.p99:,.0f}" for wait in result.wait_seconds.values()),
    ]


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
