"""What the keeper remembers of a run: since when no machine is there, whose boots failed. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from everyday.cloudtop.model import Notes, Rules, Situation
from everyday.cloudtop.seeing import failing, present, said, usable
from everyday.cloudtop.trouble import hopeless


def remembered(situation: Situation, rules: Rules, now: datetime) -> Notes:
    """The notes after this look. A run that is over leaves none, so the next one begins on spot."""
    notes = situation.notes
    if not situation.wish.up:
        return Notes(version=notes.version)
    if usable(situation):
        return _recovered(situation)
    missing = None if present(situation) else notes.missing_since or now
    notes = replace(notes, missing_since=missing, failed=_failed(situation, now))
    return replace(notes, fell_back=notes.fell_back or _gives_up_spot(situation, notes, rules, now))


def missing_for(notes: Notes, now: datetime) -> timedelta:
    """How long there has been no machine."""
    return now - notes.missing_since if notes.missing_since else timedelta()


def _recovered(situation: Situation) -> Notes:
    notes = situation.notes
    kept = tuple(key for key in notes.told if key == "read-only")
    return replace(notes, missing_since=None, failed=(), told=kept)


def _failed(situation: Situation, now: datetime) -> tuple[str, ...]:
    """Each machine once. A report is counted also when its machine has been ended since: the keeper may have
    stopped between ending it and noting it."""
    known = situation.notes.failed
    found = [it.id for it in failing(situation, now)]
    report, asked = situation.report, situation.wish.asked_at
    if report and report.stage == "failed" and (asked is None or report.at >= asked):
        found.append(report.instance)
    return (*known, *dict.fromkeys(it for it in found if it not in known))


def _gives_up_spot(situation: Situation, notes: Notes, rules: Rules, now: datetime) -> bool:
    waited = missing_for(notes, now).total_seconds() >= rules.patience_seconds
    return rules.fallback and waited and situation.wish.market == "spot" and not hopeless(situation.trouble)


def newly_read_only(situation: Situation) -> bool:
    """A machine could mount its file system for reading only."""
    return any(said(situation, it) == "read-only" for it in present(situation))
