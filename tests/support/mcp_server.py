"""A server made with the official SDK, for tests/mcp_servers.py: the same tools over pipes and over HTTP.

    python mcp_server.py stdio
    python mcp_server.py http PORT [json] [stateless]

It keeps a line for each start, each call and each request in the file that LOG names. Over HTTP it wants the bearer token
that TOKEN holds. Each word in the file that FAULT names is a fault that it makes once: the tool of that name ends the process.
"""

import asyncio
import os
import pathlib
import sys

import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import TextContent, ToolAnnotations
from typing_extensions import TypedDict

TOKEN = os.environ.get("TOKEN", "")
server = MCPServer("crm")


class Customer(TypedDict):
    """What is known of a customer."""

    customer: str
    revenue_usd: float


def log(line):
    with open(os.environ["LOG"], "a", encoding="utf-8") as file:
        file.write(line + "\n")


def ends(tool):
    """Ends the process where the file of faults says so, and takes the word out of it."""
    file = pathlib.Path(os.environ["FAULT"])
    words = file.read_text(encoding="utf-8").split()
    if tool in words:
        words.remove(tool)
        file.write_text(" ".join(words), encoding="utf-8")
        print(f"out of memory near {TOKEN}", file=sys.stderr, flush=True)
        os._exit(3)


@server.tool()
async def search(name: str, ctx: Context, limit: int | None = None) -> Customer:
    """Finds a customer."""
    log(f"call search {name}")
    ends("search")
    await ctx.report_progress(1, 2)
    return {"customer": name, "revenue_usd": 1250.5}


@server.tool()
def customers(most: int = 2) -> list[Customer]:
    """Lists customers."""
    return [{"customer": f"c{number}", "revenue_usd": number * 0.5} for number in range(most)]


@server.tool()
def count() -> int:
    """Counts customers."""
    return 42


@server.tool(structured_output=False)
def note() -> str:
    """A text that is JSON."""
    return '[{"id": 7}, {"id": 8}]'


@server.tool(structured_output=False)
def words() -> list[TextContent]:
    """Several texts."""
    return [TextContent(type="text", text="first"), TextContent(type="text", text=f"second, with {TOKEN}")]


@server.tool(structured_output=False)
def picture() -> Image:
    """Something that is no text."""
    return Image(data=b"\x89PNG", format="png")


@server.tool()
def refuse(name: str) -> str:
    """Fails, and says why."""
    log("call refuse")
    raise ToolError(f"no customer is called {name}; the token was {TOKEN}")


@server.tool()
def crash() -> str:
    """Fails by a mistake of its own."""
    raise ZeroDivisionError(TOKEN)


@server.tool(structured_output=False)
def environment() -> str:
    """The names in its environment."""
    return " ".join(sorted(os.environ))


@server.tool(structured_output=False)
async def slow(seconds: float) -> str:
    """Takes its time."""
    log("call slow")
    await asyncio.sleep(seconds)
    log("slow is done")
    return "done"


@server.tool(structured_output=False)
def huge(bytes: int) -> str:
    """Says much."""
    log("call huge")
    return "x" * bytes


@server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True), structured_output=False)
def wipe(what: str) -> str:
    """Removes a customer."""
    log(f"call wipe {what}")
    return "wiped"


@server.tool(structured_output=False)
def hostile() -> str:
    """What a stranger wrote."""
    return pathlib.Path(os.environ["SAID"]).read_text(encoding="utf-8")


class Door:
    """Keeps a line of each request, and lets nobody in without the token; whoever is turned away hears it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        log(f"{scope['method']} {headers.get('user-agent')} {'mcp-session-id' in headers} {headers.get('mcp-protocol-version')}")
        given = headers.get("authorization")
        if not TOKEN or given == f"Bearer {TOKEN}":
            return await self.app(scope, receive, send)
        body = f"{given} is not the token".encode()
        words = [(b"content-type", b"text/plain"), (b"www-authenticate", f'Bearer error="{given}"'.encode())]
        await send({"type": "http.response.start", "status": 401, "headers": words})
        await send({"type": "http.response.body", "body": body})


def main():
    log("start")
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        app = server.streamable_http_app(json_response="json" in sys.argv, stateless_http="stateless" in sys.argv)
        uvicorn.run(Door(app), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")


if __name__ == "__main__":
    main()
