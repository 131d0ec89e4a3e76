"""Join tokens: time-limited rights to receive a certificate."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from warren.model.resource import Resource

USES_MAX = 1000


class Token(Resource):
    """What anybody may see of a token; the token itself is shown once and never stored.

    Attributes:
        role: what the certificate will allow.
        scope: the only tenant it will allow to touch; empty for all.
        expires_at: from then on it is refused.
        uses_left: how often it can still be used.
        revoked: whether somebody withdrew it.
    """

    role: Literal["admin", "operator", "viewer", "manager", "tool"]
    scope: str = ""
    expires_at: datetime
    uses_left: int = Field(default=1, ge=0, le=USES_MAX)
    revoked: bool = False


class JoinToken(Token):
    """What is recorded of a token.

    Attributes:
        digest: SHA-256 of the secret, in hexadecimal.
    """

    digest: str = Field(min_length=64, max_length=64)
