"""One kernel: what it does, what its time is made of, by which formulas, from which sources."""

from web.text import capital, duration, escaped, exact, figure
from web.why_parts import bound_name, cut, percent
from web.why_roofline import counted

MOST_NODES = 24
"""Graph nodes that are named at once; the rest folds away."""


def kernel_card(found, anatomy, place):
    """The card of a kernel, as HTML.

    Args:
        found: An explanation, as ``App.explain`` gives it.
        anatomy: Of this kernel, as ``App.explain_kernel`` gives it.
        place: Its place in the kernels of the explanation.
    """
    kernel = found["kernels"][place]
    return (
        "<div class='figure-head'><h4 id='why-kernel-name' tabindex='-1'>{place}. {op}"
        "<small>{of}</small></h4><div class='turn'>"
        "<button type='button' class='quiet' id='why-back' data-do='why-turn' data-k='{back}'"
        "{first}>Longer</button><button type='button' class='quiet' id='why-on' "
        "data-do='why-turn' data-k='{on}'{last}>Shorter</button></div></div>"
        "<p class='sizes'>{shape}</p>{split}<dl class='facts'>{facts}</dl>{doubt}"
        "<h5>How its time comes about</h5><ol class='terms'>{terms}</ol>{nodes}"
    ).format(
        place=place + 1,
        op=escaped(kernel["op"]),
        of="kernel {} of {}, by time".format(place + 1, len(found["kernels"])),
        back=place - 1,
        on=place + 1,
        first=" disabled" if place == 0 else "",
        last=" disabled" if place == len(found["kernels"]) - 1 else "",
        shape=escaped(kernel["shape"] or "no operands"),
        split=_split(kernel),
        facts=_facts(found, kernel),
        doubt=_doubt(kernel),
        terms="".join(_term(term) for term in anatomy["terms"]),
        nodes=_nodes(found, place),
    )


def _split(kernel):
    """Arithmetic and traffic run together, waiting comes on top: three bars on one scale."""
    most = max(kernel["compute_us"], kernel["memory_us"], kernel["launch_us"]) or 1
    rows = (
        ("Arithmetic", "compute", kernel["compute_us"]),
        ("Traffic", "memory", kernel["memory_us"]),
        ("Starting, waiting", "launch", kernel["launch_us"]),
    )
    return "<ul class='split'>{}</ul>".format(
        "".join(
            "<li class='{kind}'><span>{name}</span><span class='track'>"
            "<span class='part {kind}' style='--at:{at:.1f}%'></span></span>"
            "<b>{time}</b></li>".format(
                kind=kind, name=name, at=max(100 * value / most, 0), time=_us(value)
            )
            for name, kind, value in rows
        )
    )


def _us(value):
    if value < 0:
        return "−" + duration(-value / 1000)
    return duration(value / 1000) if value else "0"


def _facts(found, kernel):
    moved = kernel["read_bytes"] + kernel["write_bytes"]
    units = ", ".join(
        "{} {}".format(counted(kernel[key]), name)
        for key, name in (
            ("matrix_flops", "matrix"),
            ("vector_flops", "vector"),
            ("special_flops", "special"),
        )
        if kernel[key]
    )
    facts = [
        ("One launch", _us(kernel["time_us"])),
        ("In the run", "{} {} · {}".format(
            kernel["count"], "launch" if kernel["count"] == 1 else "launches",
            percent(kernel["share"]),
        )),
        ("Bound by", bound_name(kernel["bound"])),
        ("FLOPs", units or "none"),
        ("Bytes moved", "{}B, {}B of them weights".format(
            counted(moved), counted(kernel["weight_bytes"]),
        )),
        ("Intensity", "{} FLOP per byte".format(figure(kernel["intensity"]))),
        ("Achieved", "{} TFLOP/s".format(figure((kernel["flops_per_s"] or 0) / 1e12))),
    ]  # fmt: skip
    if kernel["reached"] is not None:
        facts.append(("Of its roof", "{} ({})".format(percent(kernel["reached"]), kernel["roof"])))
    return "".join(
        "<div><dt>{}</dt><dd>{}</dd></div>".format(name, escaped(value)) for name, value in facts
    )


def _doubt(kernel):
    if not kernel["approximation"]:
        return ""
    return "<p class='doubt'>Approximate: {}.</p>".format(escaped(kernel["approximation"]))


def _term(term):
    rows = "".join(
        "<tr><th scope='row'>{}</th><td>{}{}</td><td>{}</td></tr>".format(
            escaped(fact["name"]),
            escaped(_value(fact["value"])),
            escaped(" " + fact["unit"] if fact["unit"] else ""),
            escaped(fact["source"] or "no source given"),
        )
        for fact in term["inputs"]
    )
    sources = "".join("<li>{}</li>".format(escaped(source)) for source in term["sources"])
    return (
        "<li><p><strong>{name}</strong> <b>{time}</b></p><p class='formula'>{formula}</p>"
        "<details><summary>Inputs and sources<span class='unseen'> of {name}</span></summary>"
        "<div class='sideways' tabindex='0' role='region' aria-label='Inputs of {name}'>"
        "<table class='figures inputs'><thead><tr><th scope='col'>input</th>"
        "<th scope='col'>value</th><th scope='col'>source</th></tr></thead>"
        "<tbody>{rows}</tbody></table></div>{sources}"
        "</details></li>"
    ).format(
        name=escaped(capital(term["name"])),
        time=_us(term["time_us"]),
        formula=_raised(escaped(term["formula"])),
        rows=rows,
        sources="<p>The formula follows</p><ul class='sources'>{}</ul>".format(sources)
        if sources
        else "<p>The formula is arithmetic alone: work over rate.</p>",
    )


def _raised(formula):
    """Exponents set as such."""
    return formula.replace("^(1/p)", "<sup>1/p</sup>").replace("^p", "<sup>p</sup>")


def _value(value):
    if isinstance(value, str):
        return value
    return counted(value) if value >= 1e6 else exact(value)


def _nodes(found, place):
    """The graph nodes behind it, launch by launch, with the layer each is in."""
    layer_of = {at: layer["name"] for layer in found["layers"] for at in layer["steps"]}
    rows = [
        "<li><small>{}</small> {}</li>".format(
            escaped(layer_of[at]),
            " ".join("<code>{}</code>".format(escaped(cut(name or "unnamed", 60)))
                     for name in step["nodes"]),
        )
        for at, step in enumerate(found["steps"])
        if step["kernel"] == place
    ]  # fmt: skip
    shown, rest = rows[:MOST_NODES], rows[MOST_NODES:]
    more = ""
    if rest:
        more = "<details><summary>{} more</summary><ul class='nodes'>{}</ul></details>".format(
            len(rest), "".join(rest)
        )
    return "<h5>Graph nodes it runs</h5><ul class='nodes'>{}</ul>{}".format("".join(shown), more)
