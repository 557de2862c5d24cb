"""Deletes what no kept release uses, and why that never takes away what one does.

Publishers share nothing but the manifest, whose writes are conditional, and the bucket. Say a publisher
deletes an object X that the manifest it read lists as retired since T, while another makes a release that
needs X. It is safe because of four rules:

1. A retired object counts as not there: who needs it stores it again *after* reading a manifest that lists it
   as retired, or not at all. So that version of X is younger than T.
2. Who counted on X before it was retired, or stored it then, has read an older manifest; the conditional
   write fails, and it plans again with rule 1. What a run stored itself counts for half an hour at most (see
   `storing`): before an object that somebody published meanwhile is retired and deleted, an hour passes,
   whatever the clocks say (YOUNGEST and GRACE, less twice the SKEW of two clocks).
3. Only versions older than T less SKEW are deleted, whoever deletes and however late. AWS refuses requests
   of a clock that is further off than SKEW, so no clock makes a version of rule 1 look that old. The version
   that was retired is: a release is kept for an hour (`releases.YOUNGEST`), so it was stored that long
   before T. (One that only got other headers since may stay behind; `verify` shows it.)
4. An object is forgotten only by a conditional write after it was deleted; a run that is cut off before
   leaves it retired, and the next one deletes it again.

Nothing is deleted until it was retired for GRACE: an edge that still has the old pointer shows whole pages.
The edge's keys have no versions. `Pointer.change` deletes them only while the edge has the pointer of the
manifest that retired them; a later publication that came before makes it refuse, and one that comes between
two steps begins again with all that it needs.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from everyday.errors import SiteConflict
from everyday.site.edge import PREVIEW
from everyday.site.manifest import pointer_value
from everyday.site.model import Manifest
from everyday.site.ports import Bucket, Pointer
from everyday.site.releases import forgotten

GRACE = timedelta(hours=1)
SKEW = timedelta(minutes=15)
"""AWS answers RequestTimeTooSkewed beyond it."""


def due_objects(manifest: Manifest, now: datetime) -> Mapping[str, datetime]:
    """The objects to delete, with the time before which their versions were stored."""
    return {key: at - SKEW for key, at in manifest.retired.items() if at + GRACE <= now}


def due_edge_keys(manifest: Manifest, now: datetime) -> Sequence[str]:
    """The edge's keys to delete: previews before the values that they lead to."""
    due = [key for key, at in manifest.edge_retired.items() if at + GRACE <= now]
    return sorted(due, key=lambda key: (not key.startswith(PREVIEW), key))


def point(pointer: Pointer, old: Manifest | None, new: Manifest) -> bool:
    """Tell the edge of a manifest, where it was told of `old` before. False: it was told of a later one.

    When `old` is None, or nobody told it of `old` (a run was cut off), it is told everything.
    """
    value = pointer_value(new)
    if value is None:
        return pointer.change(new.edge, (), pointer=None)
    target = (value, new.changes)
    if old is None:
        return pointer.change(new.edge, (), pointer=target)
    changed = {key: it for key, it in new.edge.items() if key not in old.edge}
    try:
        return pointer.change(changed, (), pointer=target, base=old.changes)
    except SiteConflict:
        return pointer.change(new.edge, (), pointer=target)


def delete_retired(bucket: Bucket, pointer: Pointer, manifest: Manifest, now: datetime) -> Manifest | None:
    """Delete what is due, and return the manifest that has forgotten it. None: nothing is, or it is not ours
    to do. Raises SiteConflict when the edge was not told of this manifest."""
    objects, keys = due_objects(manifest, now), due_edge_keys(manifest, now)
    value = pointer_value(manifest)
    if value is None or not (objects or keys):
        return None
    target = (value, manifest.changes)
    if keys and not pointer.change({}, keys, pointer=target, base=manifest.changes):
        return None
    if objects:
        bucket.delete_older(objects)
    return forgotten(manifest, objects, keys)
