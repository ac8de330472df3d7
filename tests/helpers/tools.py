"""A real `viewcomfy-codegen mcp` in a process of its own,
and the official client of its protocol.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client

COMMAND = ["-m", "viewcomfy_codegen", "mcp"]


@asynccontextmanager
async def connected(
    transport: str, environment: Mapping[str, str], *arguments: str, **options: Any
) -> AsyncIterator[Client]:
    """A client of a server with these arguments, over "stdio" or "http"."""
    own = {**os.environ, **environment}
    if transport == "stdio":
        server = StdioServerParameters(
            command=sys.executable, args=[*COMMAND, *arguments], env=own
        )
        async with Client(stdio_client(server), **options) as client:
            yield client
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *COMMAND, *arguments, "--http", "--port", "0"),
        env=own,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        line = (await process.stderr.readline()).decode()
        async with Client(line.split()[-1], **options) as client:
            yield client
    finally:
        process.terminate()
        await process.communicate()
