"""Job messages out of a file: one JSON object, a list of them, or one object a line."""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from everyday.errors import InvalidMessageError
from everyday.jobs.messages import Submission, parse_jobs


class Given(NamedTuple):
    """One message of a file, and where it stands there."""

    where: str
    message: Any


def read(text: str, *, salt: str = "") -> Sequence[Submission]:
    """The messages, each with an id. Raises InvalidMessageError with a line for each one that is wrong.

    A message without an id gets one that follows from what it says and from how many like it stand before it:
    the same file again gives the same ids, so what was submitted already is known. Another `salt` gives
    others.
    """
    given = list(_given(text))
    if not given:
        raise InvalidMessageError("there is no job in it")
    named = _named(given, salt)
    found = parse_jobs({"Records": [_record(each) for each in named]})
    wrong = [f"{refusal.message_id}: {refusal.reason}" for refusal in found.refused]
    wrong += _twice(found.jobs)
    if wrong:
        raise InvalidMessageError("\n".join(wrong))
    return found.jobs


def _given(text: str) -> Iterator[Given]:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        yield from _lines(text, error)
        return
    if isinstance(document, list):
        yield from (Given(f"job {number}", each) for number, each in enumerate(document, 1))
    else:
        yield Given("the job", document)


def _lines(text: str, whole: Exception) -> Iterator[Given]:
    """One message a line; when not even the first line is JSON the file was meant as one document."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield Given(f"line {number}", msgspec.json.decode(line))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            problem = f"line {number}: {error}" if number > 1 else f"it is not JSON: {whole}"
            raise InvalidMessageError(problem) from error


def _named(given: Sequence[Given], salt: str) -> Sequence[Given]:
    alike: Counter[str] = Counter()
    named = []
    for where, message in given:
        if isinstance(message, dict) and message.get("id") is None:
            said = msgspec.json.encode(message, order="sorted").decode()
            alike[said] += 1
            digest = sha256(f"{said} {alike[said]} {salt}".encode()).hexdigest()
            message = {**message, "id": f"job-{digest[:16]}"}
        named.append(Given(where, message))
    return named


def _record(given: Given) -> dict[str, Any]:
    """As SQS hands a message to the function that takes jobs in, so that it is judged by the same rules."""
    body = msgspec.json.encode(given.message).decode()
    return {"messageId": given.where, "body": body, "attributes": {"SentTimestamp": "0"}}


def _twice(jobs: Sequence[Submission]) -> list[str]:
    first: dict[str, str] = {}
    return [
        f"{each.message_id}: id {each.id} is that of {first[each.id]} too; every job needs its own"
        for each in jobs
        if first.setdefault(each.id, each.message_id) != each.message_id
    ]
