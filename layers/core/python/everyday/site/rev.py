"""Rev a site: every asset gets a hash of its content in its name, and every reference to it follows."""

import hashlib
import os
from collections.abc import Mapping, Sequence

from everyday.errors import SiteRefused
from everyday.ports import Progress, Silent
from everyday.site import inputs
from everyday.site.keeping import keeps_name, published
from everyday.site.loading import doubtful, load
from everyday.site.model import Edit, Output, Revision, RevRules, Unresolved
from everyday.site.patterns import fits
from everyday.site.ports import Tree
from everyday.site.references.by_name import by_name
from everyday.site.relevance import Relevance
from everyday.site.renaming import References, Renamed, rename
from everyday.site.resolve import Resolver
from everyday.site.rewrite import edited, size_after
from everyday.site.scan import Scanned, Site, is_loaded, is_manifest, scan
from everyday.site.seals import Sealer
from everyday.site.workers import ALONE_BYTES, batches_of, side_by_side


def rev(
    tree: Tree,
    rules: RevRules,
    *,
    digests: Mapping[str, bytes] | None = None,
    workers: int | None = None,
    progress: Progress = Silent(),  # noqa: B008 - it has no state
) -> Revision:
    """The revved site. `digests`: of its files, if they are known (see `inputs.digests`). `workers`: how many
    processes read it, as many as there are processors if nothing is said; the result is the same.
    Raises SiteRefused, SettingsError; SiteError when a process dies."""
    digests = digests if digests is not None else inputs.digests(tree, progress=progress)
    paths = [path for path in digests if published(path)]
    site = _site(paths, rules)
    workers = workers or os.cpu_count() or 1
    scanned = _scan_all(tree, site, paths, workers, progress)
    places, problems = load(site, scanned)
    assets = site.assets.difference(*(file.fixed for file in scanned.values()))
    sealer = Sealer(tree)
    references = {
        path: References(sorted(file.names), sorted(file.seals))
        for path, file in scanned.items()
        if file.names or file.seals
    }
    made = rename(references, digests, assets, sealer)
    return Revision(
        outputs=_outputs(tree, paths, digests, made, workers),
        unresolved=tuple(sorted(missing for file in scanned.values() for missing in file.missing)),
        doubtful=doubtful(site, scanned, sorted(assets), places),
        problems=tuple(sorted((*problems, *made.problems, *sealer.problems()))),
    )


def broken(revision: Revision, rules: RevRules) -> tuple[Unresolved, ...]:
    """The assets that pages name and that are not there, but for those that the owner lets be missing: his
    patterns are matched against the reference as it is written, without what begins it (`/`, `../`) and ends
    it (`?`, `#`)."""
    allowed = fits(rules.allow_missing)
    return tuple(
        missing for missing in revision.unresolved if missing.asset and not allowed(_plain(missing.reference))
    )


def _plain(reference: str) -> str:
    for end in "?#":
        reference = reference.partition(end)[0]
    return reference.lstrip("./")


def _site(paths: Sequence[str], rules: RevRules) -> Site:
    return Site(
        Resolver(paths, rules.origin),
        frozenset(path for path in paths if not keeps_name(path, rules)),
        frozenset(path.rpartition("/")[2] for path in paths),
    )


def _scan_all(
    tree: Tree, site: Site, paths: Sequence[str], workers: int, progress: Progress
) -> dict[str, Scanned]:
    """What every file in a language that we know says, by path, sorted."""
    sizes = tree.files()
    files = [path for path in paths if by_name(path)]
    batches = list(batches_of(files, sizes))
    relevant = Relevance(site)

    def read(batch: Sequence[str]) -> list[Scanned]:
        return [file for path in batch if (file := _scan(tree, site, path, relevant))]

    progress.begin("looking for references", len(files))
    alone = sum(sizes[path] for path in files) < ALONE_BYTES
    found: dict[str, Scanned] = {}
    for number, result in side_by_side(read, batches, 1 if alone else workers):
        found.update((file.path, file) for file in result)
        for path in batches[number]:
            progress.step(path, size=sizes[path])
    return dict(sorted(found.items()))


def _scan(tree: Tree, site: Site, path: str, relevant: Relevance) -> Scanned | None:
    language, content = by_name(path, relevant=relevant), tree.read(path)
    if language is None or (is_loaded(path) and not is_manifest(path) and not relevant(content)):
        return None
    return scan(site, path, content, language)


def _outputs(
    tree: Tree, paths: Sequence[str], digests: Mapping[str, bytes], made: Renamed, workers: int
) -> tuple[Output, ...]:
    sizes = tree.files()
    after = {**digests, **_digests_after(tree, made.edits, sizes, workers)}
    outputs: dict[str, Output] = {}
    for path in paths:
        new, edits = made.paths.get(path, path), made.edits.get(path, ())
        if new in outputs:
            raise SiteRefused(f"{path} would get the name that {outputs[new].source} has: rename one of them")
        outputs[new] = Output(
            path=new,
            source=path,
            size=size_after(sizes[path], edits),
            digest=after[path],
            renamed=path in made.paths,
            edits=tuple(edits),
        )
    return tuple(output for _, output in sorted(outputs.items()))


def _digests_after(
    tree: Tree, edits: Mapping[str, Sequence[Edit]], sizes: Mapping[str, int], workers: int
) -> dict[str, bytes]:
    """Of the files that have edits."""

    def digest(path: str) -> bytes:
        return hashlib.sha256(edited(tree.read(path), edits[path])).digest()

    batches = list(batches_of(edits, sizes))
    alone = sum(sizes[path] for path in edits) < ALONE_BYTES
    found: dict[str, bytes] = {}
    for number, made in side_by_side(
        lambda batch: list(map(digest, batch)), batches, 1 if alone else workers
    ):
        found.update(zip(batches[number], made, strict=True))
    return found
