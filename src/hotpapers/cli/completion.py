"""`hotpapers completion`: prints a shell completion script."""

from __future__ import annotations

import click

from hotpapers.cli import common


@common.command("""
  hotpapers completion bash >> ~/.bashrc
  hotpapers completion zsh >> ~/.zshrc
  hotpapers completion fish > ~/.config/fish/completions/hotpapers.fish""")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@common.debug_option
def completion(shell: str) -> None:
    """Print a shell completion script.

    SHELL is bash (4.4 or newer), zsh or fish.
    """
    from click.shell_completion import get_completion_class

    from hotpapers.cli import ASKED_BY_SHELL, NAME, root

    completion_class = get_completion_class(shell)
    assert completion_class is not None
    click.echo(completion_class(root, {}, NAME, ASKED_BY_SHELL).source())
