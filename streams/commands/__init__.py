"""The commands of `streams`, one module each.

Each has HELP (one line), EXAMPLE (command lines), `add_arguments(parser)` and
`run(args, settings) -> exit code`. `streams.__main__` imports a module only when it is asked for.
"""
