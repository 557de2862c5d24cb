"""What can go wrong with a call of ECS."""

from enum import StrEnum

from everyday_local.planted import Planted, PlantedFaults


class Effect(StrEnum):
    """What happens to the call."""

    LOST = "lost"  # it takes effect, and the connection is cut instead of an answer
    LATE = "late"  # the connection is cut, and the call takes effect `seconds` later
    ERROR = "error"  # `status` and `code`, and no effect
    THROTTLED = "throttled"  # a ThrottlingException, and no effect


class Fault(Planted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strikes calls of one action; `on` "*": of every action."""

    on: str
    do: Effect
    status: int = 500
    code: str = "ServerException"
    seconds: float = 30.0


class Faults(PlantedFaults[Fault]):
    """The faults planted in an account."""

    def strike(self, action: str) -> Fault | None:
        """Count this call; the first planted fault that strikes it."""
        return next(iter(self.struck(lambda fault: fault.on in {action, "*"})), None)
