"""Errors on standard error as what, where and fix; exit code 2."""

import sys
from typing import Any, Final

import click

from phantomgpu.errors import PhantomGPUError

CALLER_ERROR: Final = 2
"""Exit code of a mistake by the caller; 1 means that the answer is no."""


class PlainErrors(click.Group):
    """A command group whose mistakes all read the same, with nothing on standard output."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command and exit with its code."""
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except PhantomGPUError as error:
            _print(error.what, error.where, error.fix)
            sys.exit(CALLER_ERROR)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            sys.exit(0)
        except click.UsageError as error:
            _print_usage(error)
            sys.exit(CALLER_ERROR)
        except click.ClickException as error:
            _print(error.format_message(), "the command line", "see phantomgpu --help")
            sys.exit(CALLER_ERROR)
        except click.Abort:
            click.echo("stopped", err=True)
            sys.exit(130)
        sys.exit(code if isinstance(code, int) else 0)


def _print_usage(error: click.UsageError) -> None:
    path = error.ctx.command_path if error.ctx else "phantomgpu"
    what = error.format_message().rstrip(".")
    _print(what[:1].lower() + what[1:], path, f"see {path} --help")


def _print(what: str, where: str, fix: str) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + what, err=True)
    click.echo(f"  where: {where}", err=True)
    click.echo(f"  fix:   {fix}", err=True)
