"""How many more instances the waiting jobs would fill."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from everyday.jobs.fit import offers
from everyday.jobs.model import Amount, Demand
from everyday.jobs.plan import Shape


class _Bin:
    """One instance that is not there yet."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.cpu, self.memory, self.gpu = shape.registered.cpu, shape.registered.memory, shape.registered.gpu
        self.ports: set[str] = set()

    def take(self, demand: Demand) -> bool:
        """Put it in if it fits."""
        amount = demand.amount
        if amount.cpu > self.cpu or amount.memory > self.memory or amount.gpu > self.gpu:
            return False
        if not self.ports.isdisjoint(demand.ports) or not offers(
            self.shape.registered, self.shape.attributes, demand
        ):
            return False
        self.cpu -= amount.cpu
        self.memory -= amount.memory
        self.gpu -= amount.gpu
        self.ports.update(demand.ports)
        return True


def desired(demands: Iterable[Demand], shapes: Sequence[Shape]) -> Mapping[str, int]:
    """First fit decreasing: how many instances of which shape these demands fill, at most `more` of each.

    A new instance is of the smallest shape that holds the demand; what no shape holds is left out.
    """
    if not shapes:
        return {}
    most = _most([shape.registered for shape in shapes])
    by_size = sorted(shapes, key=lambda shape: (_part(shape.registered, most), shape.name))
    left = {shape.name: shape.more for shape in shapes}
    bins: list[_Bin] = []
    counts = Counter(demands)
    largest_first = sorted(
        counts, key=lambda each: (_part(each.amount, most), each.ports, each.attributes), reverse=True
    )
    for demand in largest_first:
        _fill(demand, counts[demand], bins, by_size, left)
    return dict(sorted(Counter(each.shape.name for each in bins).items()))


def _fill(
    demand: Demand, count: int, bins: list[_Bin], by_size: Sequence[Shape], left: dict[str, int]
) -> None:
    """Put so many of one demand into the bins there are, then into new ones."""
    for each in bins:
        while count and each.take(demand):
            count -= 1
    for shape in by_size:
        while count and left[shape.name] > 0 and _Bin(shape).take(demand):
            left[shape.name] -= 1
            bins.append(_Bin(shape))
            while count and bins[-1].take(demand):
                count -= 1


def _most(amounts: Iterable[Amount]) -> Amount:
    cpu, memory, gpu = zip(*((each.cpu, each.memory, each.gpu) for each in amounts), strict=True)
    return Amount(max(cpu), max(memory), max(gpu))


def _part(amount: Amount, of: Amount) -> tuple[float, float]:
    """How large one amount is against another: by its largest dimension, then by all of them."""
    parts = (amount.cpu / (of.cpu or 1), amount.memory / (of.memory or 1), amount.gpu / (of.gpu or 1))
    return max(parts), sum(parts)
