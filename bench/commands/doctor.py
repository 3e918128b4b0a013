"""`zgs doctor`: what this machine has of what a run needs, on one screen; no part of the paper.

Weights are found, hashed and read in their headers, never loaded, and nothing is fetched: `zgs verify` loads them.
"""

from __future__ import annotations

from bench import __version__
from bench.errors import DONE, FAILED

USAGE = """zgs doctor [models=paper] [KEY=VALUE …]

What is installed of what a run with these settings needs, and the command that fixes the rest; nothing is loaded or
fetched."""


def main(arguments: list[str]) -> int:
    """``zgs doctor [models=… KEY=VALUE …]``; the exit code is 1 where something is wrong."""
    from bench.commands.settings import compose_settings
    from bench.doctor.examine import examine
    from bench.doctor.verify import NOTE

    settings = compose_settings(arguments)
    print(f"zgs {__version__}, models={settings['models']['name']}")
    wrong = 0
    for finding in examine(settings, arguments, compose_settings):
        wrong += bool(finding.fix)
        print(f"{'WRONG' if finding.fix else 'ok':6} {finding.name:9} {finding.state}")
        if finding.fix:
            print(f"{'':16} fix: {finding.fix}")
    print(f"models: {NOTE}")
    print(f"{wrong} wrong" if wrong else f"all well; next: {' '.join(['zgs verify', *arguments])}")
    return FAILED if wrong else DONE
