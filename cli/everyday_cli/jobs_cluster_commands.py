"""`everyday jobs queue` and `everyday jobs cluster`: what waits and why, and what the instances hold."""

import click

from everyday_cli.commands import Command
from everyday_cli.jobs_stores import Target, cluster_target
from everyday_cli.output import current


@click.command(
    cls=Command,
    examples="""
        everyday jobs queue
        everyday jobs queue --limit 0 --json
    """,
)
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, help="0 shows all.")
@cluster_target
def queue(target: Target, *, limit: int) -> None:
    """What waits, in its order: place and reason of each, and how many of each class for how long."""
    from everyday.jobs.ports import Lane
    from everyday_cli import jobs_documents as documents
    from everyday_cli import jobs_views as views

    cluster, now = target.cluster, target.now()
    depth, board = target.desk.depth(cluster), target.ledger.board(cluster)
    lane = target.ledger.listed(cluster, Lane.WAITING, limit=limit or None)
    jobs, whys = list(enumerate(lane, 1)), board.whys if board else {}
    document = {
        "cluster": cluster,
        "trouble": board.trouble if board else None,
        "depth": [documents.of_depth(each, now) for each in depth],
        "jobs": documents.of_waiting(jobs, whys, now),
    }
    current().result(document, lambda console: views.show_queue(console, depth, jobs, whys, board, now))


@click.command(cls=Command, examples="everyday jobs cluster")
@cluster_target
def cluster(target: Target) -> None:
    """Each instance as a bar: what tasks use, what is free, and what is kept for a job that waits."""
    from everyday_cli import jobs_documents as documents
    from everyday_cli import jobs_views as views

    name = target.cluster
    board = target.ledger.board(name)
    current().result(
        documents.of_board(name, board),
        lambda console: views.show_cluster(console, name, board, target.now()),
    )
