"""What the bucket says of an object: its type, and how long it may be kept. Pure."""

from everyday.site.model import Headers, Output, SiteRules
from everyday.site.patterns import fits

FOR_EVER = "public, max-age=315360000, immutable"
"""A renamed file never changes, so nobody has to ask for it twice in ten years."""

ASK_AGAIN = "no-cache"
"""A page keeps its address: browsers keep it, and ask whether it is still the same (RFC 9111, 5.2.2.4). The
edge knows pages by their content and keeps them by the lowest time of its cache policy."""

_UNKNOWN = "application/octet-stream"
_UTF8 = "; charset=utf-8"

# From the IANA registry of media types and the WHATWG MIME Sniffing standard; scripts as RFC 9239 says.
_TEXT = {
    "text/html": "html htm shtml",
    "text/css": "css",
    "text/javascript": "js mjs cjs",
    "text/plain": "txt text log ini conf license",
    "text/markdown": "md markdown",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "text/xml": "xml xsl xslt",
    "application/xhtml+xml": "xhtml",
    "application/json": "json map topojson",
    "application/manifest+json": "webmanifest",
    "application/ld+json": "jsonld",
    "application/geo+json": "geojson",
    "application/feed+json": "jsonfeed",
    "application/rss+xml": "rss",
    "application/atom+xml": "atom",
    "application/yaml": "yaml yml",
    "application/toml": "toml",
    "image/svg+xml": "svg",
}
_BINARY = {
    "image/png": "png",
    "image/jpeg": "jpg jpeg jfif",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/apng": "apng",
    "image/bmp": "bmp",
    "image/tiff": "tif tiff",
    "image/heic": "heic",
    "image/jxl": "jxl",
    "image/vnd.microsoft.icon": "ico cur",
    "image/svg+xml": "svgz",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "font/ttf": "ttf",
    "font/otf": "otf",
    "font/collection": "ttc",
    "application/vnd.ms-fontobject": "eot",
    "video/mp4": "mp4 m4v",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/mp2t": "ts",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/webm": "weba",
    "audio/midi": "mid midi",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/dash+xml": "mpd",
    "application/wasm": "wasm",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/gzip": "gz tgz",
    "application/x-tar": "tar",
    "application/zstd": "zst",
    "application/x-7z-compressed": "7z",
    "application/epub+zip": "epub",
    "application/rtf": "rtf",
    "application/vnd.android.package-archive": "apk",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
}
_TYPES = {
    extension: kind + ending
    for kinds, ending in ((_TEXT, _UTF8), (_BINARY, ""))
    for kind, extensions in kinds.items()
    for extension in extensions.split()
}
_WELL_KNOWN_JSON = frozenset({"apple-app-site-association", "apple-app-site-association-v3"})
_TEXT_NAMES = frozenset({"cname", "license", "readme", "security"})


def content_type(path: str) -> str:
    """What a file's name promises. Text is UTF-8: a site in another encoding says so in its pages, and a
    browser believes the header first, so such a site must be converted."""
    name = path.rpartition("/")[2].lower()
    if name in _WELL_KNOWN_JSON:  # Apple asks for this file by a name without extension, and for JSON
        return _TYPES["json"]
    if "." not in name:
        return _TYPES["txt"] if name in _TEXT_NAMES else _UNKNOWN
    return _TYPES.get(name.rpartition(".")[2], _UNKNOWN)


def headers_of(output: Output, rules: SiteRules) -> Headers:
    """The headers of a file of the revved site: the owner's first rule that fits its old name, else the
    usual. Raises SettingsError for a pattern that is none."""
    usual = FOR_EVER if output.renamed else ASK_AGAIN
    fitting = (value for pattern, value in rules.cache_control if fits((pattern,))(output.source))
    return Headers(content_type(output.source), next(fitting, usual))
