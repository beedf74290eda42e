#!/usr/bin/env python3
"""The one entry point: people, CI and pre-commit use these words.

Needs Python 3.11 or newer and the package registries; everything else it makes.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent

if sys.version_info < (3, 11):  # noqa: UP036 (people do start it with an older one)
    sys.exit("PhantomGPU needs Python 3.11 or newer; this is " + sys.version.split()[0])
sys.path.insert(0, str(ROOT))

from build_steps import pipeline, suites  # noqa: E402  (only after the version check)
from build_steps.bench import bench  # noqa: E402
from build_steps.checks import check  # noqa: E402
from build_steps.environment import ensure_environment  # noqa: E402
from build_steps.failure import BuildError  # noqa: E402
from build_steps.locks import lock  # noqa: E402
from build_steps.progress import say  # noqa: E402
from build_steps.serve import serve  # noqa: E402


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command not in _TAKE_MORE:
        parser.error(f"{options.command} takes no {' '.join(rest)}")
    try:
        return _COMMANDS[options.command](options, rest)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace, _rest: list[str]) -> int:
    serve(pipeline.build_site(ROOT), options.port)
    return 0


def _site(_options: argparse.Namespace, _rest: list[str]) -> int:
    say(f"site: {pipeline.compress_site(ROOT)}")
    return 0


def _wheel(_options: argparse.Namespace, _rest: list[str]) -> int:
    say(f"wheel: {pipeline.make_wheel(ensure_environment(ROOT))}")
    return 0


def _check(_options: argparse.Namespace, _rest: list[str]) -> int:
    return 0 if check(ROOT) else 1


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    chosen = {name: suite for name, suite in _SUITES.items() if getattr(options, name)}
    results = {} if chosen or rest else {"check": check(ROOT)}
    everything = options.all or bool(os.environ.get("CI"))
    usual = {name: suite for name, suite in _SUITES.items() if name != "converters" or everything}
    for name, suite in (chosen or usual).items():
        say(f"\n== {name} tests")
        try:
            results[name] = suite(ROOT, rest)
        except BuildError as error:
            say(f"build.py: {error}")
            results[name] = False
    say("\n" + "\n".join(f"{name:<10} {'ok' if ok else 'FAILED'}" for name, ok in results.items()))
    if not chosen and "converters" not in usual:
        say("converters not run: they take 5 GB of packages; build.py test --converters runs them")
    return 0 if all(results.values()) else 1


def _bench(_options: argparse.Namespace, rest: list[str]) -> int:
    return 0 if bench(ROOT, rest) else 1


def _lock(_options: argparse.Namespace, rest: list[str]) -> int:
    lock(ROOT, rest)
    return 0


_SUITES = {
    "unit": suites.test_unit,
    "pyodide": suites.test_pyodide,
    "browser": suites.test_browser,
    "converters": suites.test_converters,
}
_COMMANDS = {
    "serve": _serve,
    "test": _test,
    "check": _check,
    "wheel": _wheel,
    "site": _site,
    "bench": _bench,
    "lock": _lock,
}
# Their further arguments are for pytest, for a benchmark, for the resolver.
_TAKE_MORE = {"test", "bench", "lock"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve_ = commands.add_parser("serve", help="build the site and serve it on this machine")
    serve_.add_argument("--port", type=int, default=8000, help="default: 8000; 0: any free one")
    test = commands.add_parser(
        "test", help="check and run all tests; further arguments: pytest's", allow_abbrev=False
    )
    test.add_argument("--unit", action="store_true", help="in CPython only")
    test.add_argument("--pyodide", action="store_true", help="the core in Pyodide only")
    test.add_argument("--browser", action="store_true", help="the page in Chromium only")
    test.add_argument("--converters", action="store_true", help="the converters only")
    test.add_argument(
        "--all", action="store_true", help="converters among the rest, as where CI is set"
    )
    commands.add_parser("check", help="lint, format, types, import contracts, spelling")
    commands.add_parser("bench", help="run benchmarks/, or those named; each has its floor")
    commands.add_parser("site", help="build the site into web/dist/")
    commands.add_parser("wheel", help="build the wheel into dist/")
    commands.add_parser("lock", help="write the lock files anew; --upgrade: newest versions")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
