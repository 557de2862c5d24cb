"""The keeper's decision. Pure: what is there and the time go in, what is to be done comes out.

Decided twice on the same situation it is the same; done halfway and looked at again, the rest follows.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from everyday.cloudtop.actions import Action, ChangeWish, Decision, FreeLease, PointName, Tell
from everyday.cloudtop.model import Notes, Rules, Situation, Wish
from everyday.cloudtop.remembering import missing_for, newly_read_only, remembered
from everyday.cloudtop.seeing import orphaned, present, usable, volume_trouble
from everyday.cloudtop.trouble import hopeless, reason
from everyday.cloudtop.wanting import capacities, ends, wanted


def decide(situation: Situation, rules: Rules, now: datetime) -> Decision:
    """What to do about the situation, by the owner's rules."""
    notes = remembered(situation, rules, now)
    wish = wanted(situation, notes, rules, now)
    tells = [it for it in _tells(situation, wish, notes, rules, now) if it.key not in notes.told]
    address = _address(situation, rules)
    actions: list[Action] = [*tells]
    if wish != situation.wish:
        actions.append(ChangeWish(wish=wish))
    if lease := orphaned(situation, now):
        actions.append(FreeLease(holder=lease.holder))
    actions += [*capacities(situation, wish, notes), *ends(situation, wish, now)]
    if address not in ("", notes.address):
        actions.append(PointName(address=address))
    return Decision(notes=_after(notes, wish, tells, address), actions=tuple(actions))


def _after(notes: Notes, wish: Wish, tells: Sequence[Tell], address: str) -> Notes:
    if not wish.up:
        return Notes(version=notes.version)
    told = (*notes.told, *(it.key for it in tells))
    return replace(notes, told=told, address=address or notes.address)


def _address(situation: Situation, rules: Rules) -> str:
    """What the stable name should mean; empty: leave it."""
    here = present(situation)
    return here[0].address if rules.named and here and usable(situation) else ""


def _tells(situation: Situation, wish: Wish, notes: Notes, rules: Rules, now: datetime) -> Iterator[Tell]:
    if wish.reason == "boot failures" and wish != situation.wish:
        yield Tell(key="failed", text=_failures(situation, notes))
    if not wish.up:
        return
    if trouble := volume_trouble(situation):
        yield Tell(key="volume", text=f"No machine can start: {trouble}")
    if newly_read_only(situation):
        yield Tell(key="read-only", text=_READ_ONLY)
    if notes.missing_since:
        yield from _absence(situation, notes, rules, now)


_READ_ONLY = (
    "The file system needs a person: it is mounted for reading only. `everyday cloudtop ssh`, save what you "
    "need, then `everyday cloudtop restore` a snapshot or repair it with `fsck` on an unmounted volume."
)


def _failures(situation: Situation, notes: Notes) -> str:
    report = situation.report
    last = f" The last one said: {report.detail}" if report and report.stage == "failed" else ""
    return (
        f"{len(notes.failed)} machines in a row did not come as far as the data ({', '.join(notes.failed)}), "
        f"so no more are started.{last} The volume is untouched; `everyday cloudtop doctor` looks why."
    )


def _absence(situation: Situation, notes: Notes, rules: Rules, now: datetime) -> Iterator[Tell]:
    zone = situation.home.zone
    if event := hopeless(situation.trouble):
        yield Tell(
            key="hopeless", text=f"The fleet of {zone} cannot start anything: {event.text or event.kind}"
        )
        return
    why = reason(situation.trouble)
    if notes.fell_back:
        yield Tell(
            key="fallback",
            text=f"No spot machine in {zone}: {why}. On demand is asked for instead, until the next stop.",
        )
    if missing_for(notes, now).total_seconds() >= rules.offer_move_seconds:
        yield Tell(
            key="move",
            text=f"Still no machine in {zone}: {why}. `everyday cloudtop move` takes the newest snapshot to "
            "another zone.",
        )
