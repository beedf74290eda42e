"""The one way a build stops: a sentence that says what is wrong and what to do."""


class BuildError(Exception):
    """A step cannot go on.

    Args:
        what: The fact.
        fix: What the reader can do about it.
    """

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(f"{what}\n  what to do: {fix}")
