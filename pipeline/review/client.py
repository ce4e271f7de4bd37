"""The way to a Label Studio server: which one, with what token, and its failures as clear lines without any text."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import ReviewError, problem
from pipeline.review.server import local_server
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

URL_VARIABLE = "DUIDING_LABEL_STUDIO_URL"
TOKEN_VARIABLE = "DUIDING_LABEL_STUDIO_TOKEN"
#: Options for a request that the server needs minutes for. Nothing is ever sent twice by the SDK (`max_retries=0`
#: below): after a lost connection the server may have done it, and the next run of the command finds that out.
SLOW: Any = {"timeout_in_seconds": 600}


@dataclass(frozen=True)
class Address:
    """Where a server is and the token to talk to it."""

    url: str
    token: str
    own: bool

    def __repr__(self) -> str:
        return f"Address({self.url})"


def address(workspace: Workspace) -> Address:
    """Return the server to use: the one in the environment variables, else the workspace's own.

    Raises:
        ReviewError: there is none, or the variables are incomplete.
    """
    url, token = os.environ.get(URL_VARIABLE, "").strip(), os.environ.get(TOKEN_VARIABLE, "").strip()
    if url:
        if not url.startswith(("http://", "https://")):
            raise ReviewError(problem(place=URL_VARIABLE, found="no web address", expected="http://... or https://..."))
        if not token or not token.isascii() or any(character.isspace() for character in token):
            raise ReviewError(
                problem(place=TOKEN_VARIABLE, found="empty" if not token else "not a token",
                        expected="an access token of that server",
                        do="make one in Label Studio under Account & Settings and set the variable")
            )  # fmt: skip
        return Address(url.rstrip("/"), token, own=False)
    known = local_server(workspace)
    if known is None:
        raise ReviewError(
            problem(file=workspace.folder, found="no Label Studio server yet",
                    do=f"run 'duiding review start', or set {URL_VARIABLE} and {TOKEN_VARIABLE}")
        )  # fmt: skip
    return Address(known.url, known.token, own=True)


@contextlib.contextmanager
def connected(where: Address) -> Iterator[LabelStudio]:
    """Give a client, after checking that the server is there and the token is good.

    Raises:
        ReviewError: the server is down, or refuses the token.
    """
    import httpx
    from label_studio_sdk import LabelStudio

    outside = where.url.startswith("https://") or not where.own
    with httpx.Client(timeout=60, follow_redirects=True, trust_env=outside) as session:
        with speaking(where, "signing in"):
            client = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=where.url, api_key=where.token, httpx_client=session, timeout=60, max_retries=0,
                stream_reconnection_enabled=False,
            )  # fmt: skip
            client.users.whoami(request_options={"timeout_in_seconds": 20})
        yield client


@contextlib.contextmanager
def speaking(where: Address, doing: str) -> Iterator[None]:
    """Turn what the SDK raises into a clear line; neither cookies nor texts of the reply are passed on.

    Raises:
        ReviewError: the server could not be reached, or refused.
    """
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    again = "run the same command again"
    try:
        yield
    except ApiError as error:
        code = error.status_code
        if code in (401, 403):
            renew = "run 'duiding review start' again" if where.own else f"make a new token and set {TOKEN_VARIABLE}"
            found = f"the token is refused ({code}: wrong, expired or withdrawn)"
            raise ReviewError(problem(file=where.url, place=doing, found=found, do=renew)) from None
        if code == 404:
            raise ReviewError(
                problem(file=where.url, place=doing, found="not there any more (404)",
                        do="'duiding review push' makes what is missing; what was pulled before is kept")
            ) from None  # fmt: skip
        raise ReviewError(problem(file=where.url, place=doing, found=f"the server answers {code}", do=again)) from None
    except httpx.TimeoutException:
        raise ReviewError(
            problem(file=where.url, place=doing, found="the server takes too long", do=f"when it is less busy, {again}")
        ) from None
    except (httpx.TransportError, httpx.InvalidURL, UnicodeEncodeError) as error:
        start = "run 'duiding review start' and then the same command again; nothing is lost"
        raise ReviewError(
            problem(file=where.url, place=doing, found=f"the server does not answer ({type(error).__name__})",
                    do=start if where.own else f"check the address and the server, then {again}; nothing is lost")
        ) from None  # fmt: skip
