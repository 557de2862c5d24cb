"""Which instance each task goes to, and why the others did not take it."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from everyday_local.ecs.errors import invalid
from everyday_local.ecs.expressions import Facts, Predicate, parse
from everyday_local.ecs.records import AGENT_VERSION, Instance
from everyday_local.ecs.resources import Demand

MAX_CONSTRAINTS, MAX_STRATEGIES = 10, 5
NOT_MEMBER = "MemberOf placement constraint unsatisfied."
NOT_DISTINCT = "DistinctInstance placement constraint unsatisfied."


class Wish(NamedTuple):
    """What one task asks for. `attributes` are those that the task definition needs of an instance."""

    demand: Demand
    group: str
    attributes: Sequence[str] = ()
    constraints: Sequence[Mapping[str, str]] = ()
    strategies: Sequence[Mapping[str, str]] = ()


class Rules(NamedTuple):
    """The constraints of a wish, understood."""

    members: tuple[Predicate, ...]
    distinct: bool


def rules_of(constraints: Sequence[Mapping[str, str]]) -> Rules:
    """Raises EcsError (InvalidParameterException) for constraints that ECS does not take."""
    if len(constraints) > MAX_CONSTRAINTS:
        raise invalid(f"A task can have at most {MAX_CONSTRAINTS} placement constraints.")
    for each in constraints:
        if each.get("type") == "distinctInstance" and each.get("expression"):
            raise invalid("A distinctInstance placement constraint takes no expression.")
        if each.get("type") == "memberOf" and not each.get("expression"):
            raise invalid("A memberOf placement constraint needs an expression.")
        if "type" not in each:
            raise invalid("A placement constraint needs a type.")
    members = tuple(parse(each["expression"]) for each in constraints if each["type"] == "memberOf")
    return Rules(members, distinct=any(each["type"] == "distinctInstance" for each in constraints))


def check_strategies(strategies: Sequence[Mapping[str, str]]) -> None:
    """Raises EcsError (InvalidParameterException) for strategies that ECS does not take."""
    if len(strategies) > MAX_STRATEGIES:
        raise invalid(f"A task can have at most {MAX_STRATEGIES} placement strategies.")
    for each in strategies:
        kind, field = each.get("type"), each.get("field", "")
        if kind == "binpack" and field.lower() not in {"cpu", "memory"}:
            raise invalid("The field of a binpack placement strategy is cpu or memory.")
        if kind == "spread" and not (field in {"instanceId", "host"} or field.startswith("attribute:")):
            raise invalid("The field of a spread placement strategy is instanceId, host or attribute:….")
        if kind == "random" and field:
            raise invalid("A random placement strategy takes no field.")
        if kind is None:
            raise invalid("A placement strategy needs a type.")


def choose(
    candidates: Sequence[Instance], wish: Wish, rules: Rules, rng: random.Random
) -> Instance | dict[str, str]:
    """The instance for one task; or, for each instance by its ARN, why it cannot take it."""
    reasons = {each.arn: refusal(each, wish, rules) for each in candidates}
    fitting = [each for each in candidates if reasons[each.arn] is None]
    if not fitting:
        return {arn: reason for arn, reason in reasons.items() if reason is not None}
    order = _order(wish, candidates, rng)
    return min(fitting, key=order)


def refusal(instance: Instance, wish: Wish, rules: Rules) -> str | None:
    """Why this instance cannot take the task, as ECS names it; None when it can."""
    if rules.members:
        facts = facts_of(instance)
        if not all(member(facts) for member in rules.members):
            return NOT_MEMBER
    if rules.distinct and _of_group(instance, wish.group):
        return NOT_DISTINCT
    if not instance.connected:
        return "AGENT"
    if any(name not in instance.attributes for name in wish.attributes):
        return "ATTRIBUTE"
    return instance.stock.lacking(wish.demand)


def facts_of(instance: Instance) -> Facts:
    """What an expression can ask about an instance."""
    tasks = instance.live.values()
    facts = {
        "agentConnected": [str(instance.connected).lower()],
        "agentVersion": [AGENT_VERSION],
        "ec2InstanceId": [instance.ec2_id],
        "registeredAt": [instance.registered_at.strftime("%Y-%m-%dT%H:%M:%S")],
        "runningTasksCount": [str(sum(task.desired == "RUNNING" for task in tasks))],
        **{f"attribute:{name}": [value or ""] for name, value in instance.attributes.items()},
    }
    groups = sorted({task.group for task in tasks})
    return {**facts, "task:group": groups} if groups else facts


def _of_group(instance: Instance, group: str) -> int:
    return sum(task.group == group and task.desired == "RUNNING" for task in instance.live.values())


def _order(
    wish: Wish, candidates: Iterable[Instance], rng: random.Random
) -> Callable[[Instance], tuple[Any, ...]]:
    """What the strategies prefer is smallest; chance decides between equals, and without a strategy."""
    keys = [_key(each, wish, list(candidates)) for each in wish.strategies if each["type"] != "random"]
    return lambda instance: (*(key(instance) for key in keys), rng.random())


def _key(
    strategy: Mapping[str, str], wish: Wish, candidates: Sequence[Instance]
) -> Callable[[Instance], float]:
    field = strategy["field"]
    if strategy["type"] == "binpack":
        cpu = field.lower() == "cpu"
        return lambda instance: instance.stock.free_cpu if cpu else instance.stock.free_memory
    if not field.startswith("attribute:"):
        return lambda instance: _of_group(instance, wish.group)
    name = field.removeprefix("attribute:")
    counts: dict[str | None, int] = {}
    for each in candidates:
        value = each.attributes.get(name)
        counts[value] = counts.get(value, 0) + _of_group(each, wish.group)
    return lambda instance: counts[instance.attributes.get(name)]
