"""Import maps: which file a name in an `import` stands for. Pure; HTML standard, "import maps".

`scopes` are not followed: a module that is imported under a scope keeps what its name says without it.
"""

from collections.abc import Mapping

from everyday.site import urls

ImportMap = tuple[tuple[str, str | None], ...]
"""Names and prefixes, the longest first, with the file or folder of the site that each stands for; None:
something elsewhere. A name that is an address is written as its path, with a `/` before it."""


def read_map(imports: Mapping[str, str], folder: str | None, site: urls.Origin) -> ImportMap:
    """An import map of a page whose addresses begin from `folder`."""
    entries = {_name(name, folder, site): _target(address, folder, site) for name, address in imports.items()}
    return tuple(sorted(entries.items(), key=lambda entry: (-len(entry[0]), entry[0])))


def mapped(
    text: str, folder: str | None, known: ImportMap, site: urls.Origin
) -> tuple[str | None, int | None] | None:
    """What a specifier stands for, and where in it the hash goes: nowhere, if it is a name of its own; into
    the last part, if it only begins with a prefix of the map. None: the map does not know it."""
    name = _name(text, folder, site)
    for key, target in known:
        if key == name:
            return target, None
        if key.endswith("/") and name.startswith(key):
            return _below(text, target, name[len(key) :], site)
    return None


def _below(text: str, target: str | None, rest: str, site: urls.Origin) -> tuple[str | None, int | None]:
    """HTML standard, "resolve an imports match": an address below the prefix's own, never above it."""
    path, whole = urls.path_of(rest, site), urls.path_of(text, site)
    if target is None or path is None or whole is None or path.rooted:
        return None, None
    # The name of an address has been decoded; a bare one has not.
    file = target + rest if urls.is_specifier(text) else urls.join(target, path)
    return (file, whole.at) if file and file.startswith(target) else (None, None)


def _name(text: str, folder: str | None, site: urls.Origin) -> str:
    """HTML standard, "normalize a specifier key": an address becomes absolute, a bare name stays."""
    target = _target(text, folder, site)
    return text if target is None else f"/{target}"


def _target(address: str, folder: str | None, site: urls.Origin) -> str | None:
    if not urls.is_specifier(address) or (path := urls.path_of(address, site)) is None:
        return None
    return urls.join(folder or "", path) if folder is not None or urls.is_absolute(address) else None
