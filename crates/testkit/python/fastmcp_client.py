"""What fastmcp's client sees of TaskFlow at `<server>/mcp` and `/mcp/`, in both eras; and without a good token.

    fastmcp_client.py SERVER COMMAND...

The command prints a token that the server takes for a minute.

One JSON value on standard output.
"""

import asyncio
import json
import subprocess
import sys

from fastmcp import Client

WAYS = [(mode, path) for mode in ("auto", "legacy") for path in ("/mcp", "/mcp/")]


def token(command: list[str]) -> str:
    """A new one: on a slow machine one that was made before may have run out."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


async def seen(server: str, path: str, command: list[str], mode: str) -> dict:
    """Everything that TaskFlow's tools use of the protocol: results with a schema, failures, progress, questions."""
    progress: list[float] = []
    asked: list[str] = []

    async def reported(done, _total, _message):
        progress.append(done)

    async def agree(message, _response_type, _params, _context):
        asked.append(message)
        return {"delete": True}

    async with Client(
        server + path, auth=token(command), mode=mode, elicitation_handler=agree, progress_handler=reported
    ) as client:
        tools = await client.list_tools()
        project = f"{mode} {path}"
        await client.call_tool("add_project", {"name": project})
        titles = [f"task {number}" for number in range(60)]
        imported = await client.call_tool("import_tasks", {"titles": titles, "project": project})
        listed = await client.call_tool("list_tasks", {"project": project, "limit": 3})
        failed = await client.call_tool("get_task", {"id": 999_999}, raise_on_error=False)
        deleted = await client.call_tool("delete_project", {"project": project}, raise_on_error=False)
        return {
            "way": [mode, path],
            "tools": sorted(tool.name for tool in tools),
            "undescribed": [tool.name for tool in tools if not (tool.description and tool.output_schema)],
            "imported": imported.structured_content["added"],
            "typed": imported.data.added,
            "progress": progress,
            "listed": [task["title"] for task in listed.structured_content["tasks"]],
            "failed": [failed.is_error, failed.content[0].text],
            "asked": asked,
            "deleted": [deleted.is_error, deleted.content[0].text if deleted.is_error else ""],
        }


async def refused(url: str, mode: str) -> str:
    try:
        async with Client(url, auth="wrong", mode=mode) as client:
            await client.list_tools()
    except Exception as error:  # Whatever it is: its text is what a person gets to read.
        return str(error)
    return "not refused"


async def main(server: str, *command: str) -> None:
    print(
        json.dumps(
            {
                "seen": [await seen(server, path, list(command), mode) for mode, path in WAYS],
                "refused": [await refused(server + path, mode) for mode, path in WAYS],
            }
        )
    )


asyncio.run(main(*sys.argv[1:]))
