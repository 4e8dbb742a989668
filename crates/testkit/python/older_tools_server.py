"""A tool server of the years before fastmcp 4: the `FastMCP` of the `mcp` 1.x package, with its sessions.

It answers on the socket that is its standard input; its first line of output is `port <number>`.
`GET /stats` tells what it was asked.
"""

import asyncio
import socket

import uvicorn
from mcp.server.fastmcp import Context, FastMCP
from starlette.responses import JSONResponse

MOST_CALLS = 10_000
WEATHER = {"Berlin": "rain", "Lagos": "sun", "Osaka": "wind"}

server = FastMCP("older tools")
calls: list[dict] = []
sessions: set[str] = set()


def note(ctx: Context, tool: str, **arguments):
    """Notes the call, and what it was sent with."""
    headers = ctx.request_context.request.headers
    sessions.add(headers.get("mcp-session-id"))
    if len(calls) < MOST_CALLS:
        calls.append({"tool": tool, "arguments": arguments, "authorization": headers.get("authorization")})


@server.tool()
async def lookup(city: str, ctx: Context) -> str:
    """The weather of a city."""
    note(ctx, "lookup", city=city)
    if city not in WEATHER:
        raise ValueError(f"no weather for {city}")
    return WEATHER[city]


@server.tool()
async def count(to: int, ctx: Context) -> list[int]:
    """Counts slowly, and reports how far it is."""
    note(ctx, "count", to=to)
    for number in range(to):
        await ctx.report_progress(number, to)
        await asyncio.sleep(0.1)
    return list(range(1, to + 1))


@server.tool()
async def greet(user_id: str, word: str, ctx: Context) -> str:
    """Greets a user, as servers do that believe whatever they are told."""
    note(ctx, "greet", user_id=user_id, word=word)
    return f"{word}, {user_id}"


@server.tool()
async def wait(ctx: Context) -> str:
    """Never answers."""
    note(ctx, "wait")
    await asyncio.Event().wait()


@server.custom_route("/stats", methods=["GET"])
async def stats_page(_request):
    return JSONResponse({"calls": calls, "sessions": len(sessions)})


def main() -> None:
    listener = socket.socket(fileno=0)
    print("port", listener.getsockname()[1], flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
