"""The command `viewcomfy-codegen`, also as `python -m viewcomfy_codegen`."""

from __future__ import annotations

from viewcomfy_runtime.cli.interrupting import ending_at_once


def main() -> None:
    """Run the command with the arguments of this process."""
    with ending_at_once():
        from .cli.main import main as command
    command(prog_name="viewcomfy-codegen")


if __name__ == "__main__":
    main()
