"""Notes, an application that was there before the chat: users and a sign-in of its own, a REST API, an MCP server.

What the chat has added is marked with "chat:".
"""

import hashlib
import hmac
import os
import time
from pathlib import Path
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastmcp import FastMCP
from fastmcp.server.auth import JWTVerifier, MultiAuth
from fastmcp.server.dependencies import get_access_token
from pydantic import BaseModel, Field

FOLDER = Path(__file__).parent
SECRET = Path(os.environ.get("NOTES_SECRET_FILE", "notes.secret")).read_text().strip()
TOKEN_SECONDS = 3600
# chat: where Frontdesk is, as browsers and this server reach it.
FRONTDESK_URL = os.environ.get("FRONTDESK_URL", "http://127.0.0.1:8000")


# ── Users and their tokens ──


def hashed(user: str, password: str) -> bytes:
    return hashlib.scrypt(password.encode(), salt=user.encode(), n=2**14, r=8, p=1)


# Of course yours are in a database.
USERS = {"ann": ("Ann", hashed("ann", "wonderland")), "ben": ("Ben", hashed("ben", "sherwood"))}


class Login(BaseModel):
    user: str
    password: str


def new_token(user: str) -> str:
    now = int(time.time())
    claims = {"iss": "notes", "aud": "notes", "sub": user, "name": USERS[user][0], "exp": now + TOKEN_SECONDS}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def signed_in(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"], issuer="notes", audience="notes")
    except jwt.InvalidTokenError:
        raise HTTPException(401, "sign in first") from None
    return claims["sub"]


User = Annotated[str, Depends(signed_in)]


# ── Notes ──


class NewNote(BaseModel):
    text: str = Field(max_length=1000)


class Note(BaseModel):
    id: int
    text: str


class Notes(BaseModel):
    notes: list[Note]


notes: dict[str, list[Note]] = {user: [] for user in USERS}


def add(user: str, text: str) -> Note:
    note = Note(id=sum(map(len, notes.values())) + 1, text=text)
    notes[user].append(note)
    return note


def find(user: str, search: str) -> Notes:
    return Notes(notes=[note for note in notes[user] if search.lower() in note.text.lower()])


# ── The MCP server: the same, as tools ──

own_tokens = JWTVerifier(public_key=SECRET, algorithm="HS256", issuer="notes", audience="notes")
# chat: Frontdesk says in a token of its own, at most a minute old, for which user it calls.
frontdesk_tokens = JWTVerifier(
    jwks_uri=f"{FRONTDESK_URL}/.well-known/jwks.json", algorithm="EdDSA", issuer="frontdesk", audience="notes"
)
mcp = FastMCP("Notes", auth=MultiAuth(verifiers=[own_tokens, frontdesk_tokens]))


def caller() -> str:
    """Whoever the token names, and nobody whom the model makes up: no tool takes a user."""
    token = get_access_token()
    if token is None or token.claims.get("sub") not in USERS:
        raise PermissionError("unknown user")
    return token.claims["sub"]


@mcp.tool
def add_note(text: Annotated[str, Field(description="What to keep, in the user's words")]) -> Note:
    """Keeps a note for the user."""
    return add(caller(), text)


@mcp.tool(annotations={"readOnlyHint": True})
def list_notes(search: Annotated[str, Field(description="Only notes with this text; all without it")] = "") -> Notes:
    """The user's notes, oldest first."""
    return find(caller(), search)


# ── The application ──

mcp_app = mcp.http_app(path="/", stateless_http=True)
app = FastAPI(title="Notes", lifespan=mcp_app.lifespan)
app.mount("/mcp", mcp_app)


@app.post("/login")
def login(login: Login) -> dict[str, str]:
    _, right = USERS.get(login.user, ("", b""))
    if not hmac.compare_digest(right, hashed(login.user, login.password)):
        raise HTTPException(401, "no such user, or another password")
    return {"token": new_token(login.user)}


@app.post("/notes")
def post_note(user: User, note: NewNote) -> Note:
    return add(user, note.text)


@app.get("/notes")
def get_notes(user: User, search: str = "") -> Notes:
    return find(user, search)


# chat: the page. It signs in as every page of this application does, and shows the same token to Frontdesk.
@app.get("/chat")
def chat() -> HTMLResponse:
    page = (FOLDER / "chat.html").read_text(encoding="utf-8")
    return HTMLResponse(page.replace("{{frontdesk}}", FRONTDESK_URL))
