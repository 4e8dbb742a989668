"""What openai-agents' `MCPServerStreamableHttp` sees of TaskFlow at `<server>/mcp` and `/mcp/`.

    agents_client.py SERVER COMMAND...

The command prints a token that the server takes for a minute.

One JSON value on standard output.
"""

import asyncio
import json
import subprocess
import sys

from agents.mcp import MCPServerStreamableHttp

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup


def server(url: str, token: str) -> MCPServerStreamableHttp:
    return MCPServerStreamableHttp(
        params={"url": url, "headers": {"Authorization": f"Bearer {token}"}, "timeout": 30},
        client_session_timeout_seconds=30,
        use_structured_content=True,
    )


def token(command: list[str]) -> str:
    """A new one: on a slow machine one that was made before may have run out."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


async def seen(url: str, path: str, command: list[str]) -> dict:
    async with server(url + path, token(command)) as connected:
        tools = await connected.list_tools()
        added = await connected.call_tool("add_task", {"title": f"agents at {path}"})
        failed = await connected.call_tool("get_task", {"id": 999_999})
        return {
            "tools": sorted(tool.name for tool in tools),
            "added": added.structured_content["title"],
            "text": json.loads(added.content[0].text)["title"],
            "failed": [failed.is_error, failed.content[0].text],
        }


def reasons(error: BaseException) -> list[str]:
    """What went wrong, out of groups in groups."""
    if isinstance(error, BaseExceptionGroup):
        return [reason for inner in error.exceptions for reason in reasons(inner)]
    return [str(error)]


async def refused(url: str) -> list[str]:
    try:
        async with server(url, "wrong") as connected:
            await connected.list_tools()
    except Exception as error:
        return reasons(error)
    return ["not refused"]


async def main(url: str, *command: str) -> None:
    paths = ("/mcp", "/mcp/")
    print(
        json.dumps(
            {
                "seen": [await seen(url, path, list(command)) for path in paths],
                "refused": [await refused(url + path) for path in paths],
            }
        )
    )


asyncio.run(main(*sys.argv[1:]))
