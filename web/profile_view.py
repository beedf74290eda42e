"""What the engine says of a profile -> the list of problems and of changes beside the editor."""

from web.text import escaped, grouped

MOST_CHANGES = 12
"""Changed values that are shown; a profile of another board differs in nearly all."""


def problem_list(problems):
    """Mistakes and warnings in the words of the command line, each with a way to its place.

    Args:
        problems: As ``App.check_profile`` lists them.
    """
    items = "".join(_problem(each) for each in problems)
    return "<ul class='problems'>{}</ul>".format(items) if items else ""


def _problem(problem):
    place = ""
    if problem["line"] is not None:
        place = (
            "<button type='button' class='link' data-do='profile-go' data-line='{0}' "
            "data-column='{1}'>Line {0}, column {1}</button>"
        ).format(problem["line"], problem["column"])
    return (
        "<li class='{severity}'><span class='mark'>{word}</span> {place}"
        "<p class='what'>{what}</p><p class='fix'>{fix}</p></li>"
    ).format(
        severity="mistake" if problem["severity"] == "error" else "warning",
        word="Mistake" if problem["severity"] == "error" else "Warning",
        place=place or escaped(problem["where"]),
        what=escaped(problem["what"]),
        fix=escaped(problem["fix"]),
    )


def change_table(changes, base):
    """Which values differ from the catalogue's, both figures side by side.

    Args:
        changes: As ``App.check_profile`` lists them.
        base: What they are held against, in a word or two.
    """
    if not changes:
        return "<p class='none'>No value differs from the catalogue.</p>"
    rows = "".join(_change(each) for each in changes[:MOST_CHANGES])
    more = len(changes) - MOST_CHANGES
    return (
        "<table class='figures changes'><caption>What differs</caption>"
        "<thead><tr><th scope='col'>Value</th><th scope='col'>{}</th>"
        "<th scope='col'>Yours</th></tr></thead><tbody>{}</tbody></table>{}"
    ).format(
        escaped(base), rows, "<p class='none'>and {} more</p>".format(more) if more > 0 else ""
    )


def _change(change):
    return (
        "<tr><th scope='row' title='{meaning}'><code>{key}</code> <small>{unit}</small></th>"
        "<td>{was}</td><td><strong>{now}</strong></td></tr>"
    ).format(
        meaning=escaped(change["meaning"]),
        key=escaped(change["key"].replace("spec.", "", 1)),
        unit=escaped(change["unit"]),
        was=_value(change["was"]),
        now=_value(change["now"]),
    )


def _value(value):
    """A value as a profile states it; whole numbers of thousands apart.

    >>> _value(None), _value(3350), _value(989.4), _value("a<b")
    ('–', '3,350', '989.4', 'a&lt;b')
    """
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return grouped(value)
    if isinstance(value, list):
        return escaped(", ".join(str(each) for each in value))
    return escaped(str(value))


def status_line(problems, is_custom, is_known, is_kept):
    """What runs now, and whether it is kept.

    Args:
        problems: As above.
        is_custom: Whether the comparison uses a profile of one's own for this GPU.
        is_known: Whether the catalogue has this GPU.
        is_kept: Whether this browser keeps it.
    """
    if any(each["severity"] == "error" for each in problems):
        if is_custom:
            return "Your last good profile keeps running until this is corrected."
        if is_known:
            return "The catalogue's profile keeps running until this is corrected."
        return "Nothing runs of this profile until it is corrected."
    if not is_custom:
        return "This is the catalogue's profile. Change a figure and the page follows."
    if is_kept:
        return "Your profile runs. It is kept in this browser, and goes nowhere else."
    return "Your profile runs. It belongs to a link, so this browser does not keep it."


def heading(name, is_custom):
    """The name of the GPU that is edited, with its badge."""
    badge = " <span class='badge custom'>custom</span>" if is_custom else ""
    return "{}{}".format(escaped(name), badge)
