"""What a fleet's history means, in words for the owner. Pure."""

from collections.abc import Sequence

from everyday.cloudtop.model import FleetEvent

# EC2 user guide, «Spot Fleet event types»: the sub-types of «Information» and «Error» events.
HOPELESS = frozenset({"iamFleetRoleInvalid", "spotFleetRequestConfigurationInvalid"})
"""No retry and no other market helps against these."""

_WORDS = {
    "launchSpecUnusable": "the price is above `max_price`",
    "fleetProgressHalted": "the price of every type is above `max_price`",
    "launchSpecTemporarilyBlacklisted": "EC2 has no capacity of the types tried",
    "allLaunchSpecsTemporarilyBlacklisted": "EC2 has no capacity of any of the types",
    "spotInstanceCountLimitExceeded": (
        "the account's quota is reached («All Standard Spot Instance Requests» in Service Quotas)"
    ),
}


def hopeless(trouble: Sequence[FleetEvent]) -> FleetEvent | None:
    """The newest event that only the owner can do something about."""
    return next((it for it in reversed(trouble) if it.kind in HOPELESS), None)


def reason(trouble: Sequence[FleetEvent]) -> str:
    """Why there is no spot machine, by the newest event that says it."""
    event = next((it for it in reversed(trouble) if it.kind in _WORDS), None)
    if event is None:
        return "EC2 gives no reason"
    return f"{_WORDS[event.kind]} ({event.text})" if event.text else _WORDS[event.kind]
