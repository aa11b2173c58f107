"""Runs a command in this process, through the real command line."""

from types import ModuleType

from streams.__main__ import main


def run_command(tool: ModuleType, arguments: str) -> int:
    """The exit code of `streams <tool> <arguments>`; words are split at spaces."""
    return main([tool.__name__.rpartition(".")[2], *arguments.split()])
