"""`zgs verify`: do these weights do what the libraries that publish them do (sections 3.1 to 3.3)? One line a check."""

from __future__ import annotations

from bench.errors import DONE, FAILED

USAGE = """zgs verify [models=paper] [KEY=VALUE …]

Loads the weights and compares them with the libraries that publish them, one line a check."""


def main(arguments: list[str]) -> int:
    """``zgs verify models=paper [KEY=VALUE …]``; every check is one line, the exit code is 1 where one failed."""
    from bench.commands.settings import compose_settings
    from bench.doctor.verify import NOTE, list_checks, run_check
    from bench.run.context import RunContext

    context = RunContext(compose_settings(arguments))
    print(f"models={context.settings['models']['name']} on {context.device} in {context.settings['dtype']}")
    done, failed = 0, 0
    for name, check in list_checks(context):
        print(f"{name:28}", end=" ", flush=True)
        passed, result = run_check(check)
        print(f"{'ok' if passed else 'FAILED':7} {result}")
        done, failed = done + 1, failed + (not passed)
    print(f"{failed} of {done} checks failed" if failed else f"all {done} checks passed", f"({NOTE})")
    if failed:
        print(f"next: {' '.join(['zgs doctor', *arguments])} names the command that fixes what is missing or misstated")
    return FAILED if failed else DONE
