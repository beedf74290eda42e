"""What a hub answers instead of a file -> the error that says what to do about it."""

from phantomgpu.errors import SourceError
from phantomgpu.families.repository import Repository

_NOT_HERE = (
    "on the page nobody is logged in: phantomgpu compare {} on the command line takes a token"
)


def refusal(
    status: int,
    repository: Repository,
    *,
    where: str,
    code: str = "",
    retry_after: str = "",
    has_token: bool = False,
    on_page: bool = False,
) -> SourceError | None:
    """The error for a status that is no success; None where only this one file is not there.

    Args:
        status: Of the answer.
        repository: What was asked for.
        where: The address.
        code: The answer's ``X-Error-Code``, where it has one.
        retry_after: Its ``Retry-After``, where it has one.
        has_token: Whether a token was sent.
        on_page: Whether it is the page that asked, which has none.
    """
    asked = f"hf:{repository.name}"
    if status in (404, 410):
        return _not_there(repository, where, code)
    if status in (401, 403):
        return SourceError(
            _not_allowed(status, repository.name, code, has_token=has_token),
            where=where,
            fix=_NOT_HERE.format(asked)
            if on_page
            else _way_in(status, repository.name, has_token=has_token),
        )
    if status == 429:
        wait = f"wait {retry_after} seconds" if retry_after.isdigit() else "wait some minutes"
        other = "drop the model's config.json here" if on_page else "use a token, or a folder"
        return SourceError(
            "the hub takes no more requests from here for now (429)",
            where=where,
            fix=f"{wait} and try again, or {other}",
        )
    return SourceError(
        f"the hub answers {status}",
        where=where,
        fix="try again later, or give a folder that has config.json",
    )


def _not_there(repository: Repository, where: str, code: str) -> SourceError | None:
    if code == "RepoNotFound":
        return SourceError(
            f"there is no repository {repository.name}",
            where=where,
            fix="check owner and name; a private one needs a token (HF_TOKEN or --token-file)",
        )
    if code == "RevisionNotFound":
        return SourceError(
            f"{repository.name} has no revision {repository.revision}",
            where=where,
            fix="name a branch, tag or commit that it has, or leave @revision out",
        )
    return None


def _not_allowed(status: int, name: str, code: str, *, has_token: bool) -> str:
    if code == "GatedRepo" or status == 403:
        return f"{name} is gated: its owner decides who reads it ({status})"
    if has_token:
        return f"the hub does not take this token for {name} ({status})"
    return f"{name} is private, gated, or not there ({status})"


def _way_in(status: int, name: str, *, has_token: bool) -> str:
    if has_token and status == 403:
        return f"ask for access on the page of {name}, with the account that the token belongs to"
    if has_token:
        return "check that the token is whole, not expired, and may read this repository"
    return "check the name; then give a token that may read it: HF_TOKEN, or --token-file FILE"
