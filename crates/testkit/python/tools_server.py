"""A tool server for tests, on a free port of loopback; its first line of output is `port <number>`.

It counts what it is asked: the tool `stats` and `GET /stats` tell it.
"""

import asyncio
import contextlib
import socket

import uvicorn
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import get_http_headers
from starlette.responses import JSONResponse

MOST_CALLS = 10_000
MEETING_SECONDS = 10
WEATHER = {"Berlin": "rain", "Lagos": "sun", "Osaka": "wind"}

server = FastMCP("tools")
calls: list[dict] = []
running = 0
most_at_once = 0
waiting = 0
met = asyncio.Event()


@contextlib.contextmanager
def counted(tool: str, **arguments):
    """Notes the call, and how many others run at the same time."""
    global running, most_at_once
    if len(calls) < MOST_CALLS:
        authorization = get_http_headers(include={"authorization"}).get("authorization")
        calls.append({"tool": tool, "arguments": arguments, "authorization": authorization})
    running += 1
    most_at_once = max(most_at_once, running)
    try:
        yield
    finally:
        running -= 1


def counts() -> dict:
    return {"calls": calls, "most_at_once": most_at_once}


@server.tool(annotations={"readOnlyHint": True})
async def lookup(city: str) -> dict:
    """The weather of a city."""
    with counted("lookup", city=city):
        if city not in WEATHER:
            raise ToolError(f"no weather for {city}")
        return {"city": city, "weather": WEATHER[city]}


@server.tool
async def meet(count: int) -> str:
    """Answers as soon as so many calls of it run at the same time."""
    global waiting, met
    with counted("meet", count=count):
        waiting += 1
        mine = met
        if waiting >= count:
            mine.set()
            waiting, met = 0, asyncio.Event()
        try:
            await asyncio.wait_for(mine.wait(), MEETING_SECONDS)
        except TimeoutError:
            raise ToolError("nobody else came") from None
        return f"{count} met"


@server.tool
async def slow(seconds: float) -> str:
    """Answers after a while."""
    with counted("slow", seconds=seconds):
        await asyncio.sleep(seconds)
        return f"after {seconds} s"


@server.tool
async def fail() -> str:
    """Always fails."""
    with counted("fail"):
        raise ToolError("this tool always fails")


@server.tool(annotations={"readOnlyHint": True})
async def stats() -> dict:
    """What was called so far, and the most calls that ran at once."""
    return counts()


@server.custom_route("/stats", methods=["GET"])
async def stats_page(_request):
    return JSONResponse(counts())


def main() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print("port", listener.getsockname()[1], flush=True)
    config = uvicorn.Config(server.http_app(path="/mcp"), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
