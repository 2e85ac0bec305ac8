"""Secrets that people and gateways are given: how they are made and in which form they are kept.

An API key has 256 random bits, so a plain SHA-256 keeps it; a slow hash would add nothing. A gateway's
password is kept in the broker's own form, because the broker is what checks it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

API_KEY_MARK: Final = "nhip_"
API_KEY_PREFIX_LENGTH: Final = 12
_API_KEY_BYTES: Final = 32
_PASSWORD_BYTES: Final = 18
# The broker repeats this work at every connection of every gateway; the passwords are random, not chosen by
# people, so mosquitto's own default number of rounds is enough.
_BROKER_ROUNDS: Final = 101
_BROKER_SALT_BYTES: Final = 12


def new_api_key() -> str:
    """Return a new API key: `nhip_` and 43 URL-safe characters that carry 256 random bits."""
    return API_KEY_MARK + secrets.token_urlsafe(_API_KEY_BYTES)


def api_key_prefix(key: str) -> str:
    """Return the part of a key that may be shown, to tell keys apart."""
    return key[:API_KEY_PREFIX_LENGTH]


def api_key_hash(key: str) -> bytes:
    """Return the form in which an API key is kept: SHA-256 of the whole key."""
    return hashlib.sha256(key.encode()).digest()


def new_password() -> str:
    """Return a new random password (24 URL-safe characters), for a gateway or a database role."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def broker_password_hash(password: str, salt: bytes | None = None) -> str:
    """Return a password in the form of a mosquitto password file: `$7$rounds$salt$hash`, PBKDF2-SHA512.

    Args:
        password: the password in clear.
        salt: only for a reproducible result; by default new and random.
    """
    chosen = secrets.token_bytes(_BROKER_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), chosen, _BROKER_ROUNDS)
    parts = (base64.b64encode(chosen).decode(), base64.b64encode(digest).decode())
    return f"$7${_BROKER_ROUNDS}${parts[0]}${parts[1]}"


def broker_password_matches(password: str, kept: str) -> bool:
    """Say whether a password is the one kept in the form of `broker_password_hash`."""
    try:
        _, scheme, rounds, salt, digest = kept.split("$")
        if scheme != "7":
            return False
        candidate = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(rounds))
        return secrets.compare_digest(candidate, base64.b64decode(digest))
    except ValueError:
        return False
