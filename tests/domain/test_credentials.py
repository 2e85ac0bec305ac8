"""Keys and passwords: random, recognisable, and kept in forms that others can check."""

import base64
import hashlib
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.credentials import (
    api_key_hash,
    api_key_prefix,
    broker_password_hash,
    broker_password_matches,
    new_api_key,
)


def test_api_key_has_the_published_form_and_is_never_the_same_twice():
    keys = {new_api_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"nhip_[A-Za-z0-9_-]{43}", key) for key in keys)
    assert all(len(api_key_prefix(key)) == 12 and key.startswith(api_key_prefix(key)) for key in keys)


def test_api_key_is_kept_as_sha256_of_the_whole_string():
    assert api_key_hash("nhip_x").hex() == hashlib.sha256(b"nhip_x").hexdigest()


def test_broker_hash_is_mosquittos_form():
    """Scheme 7, 101 rounds, salt and 64-byte digest in base64, as mosquitto_passwd writes it."""
    kept = broker_password_hash("secret", b"123456789012")
    _, scheme, rounds, salt, digest = kept.split("$")
    assert (scheme, rounds, base64.b64decode(salt)) == ("7", "101", b"123456789012")
    assert base64.b64decode(digest) == hashlib.pbkdf2_hmac("sha512", b"secret", b"123456789012", 101)


@settings(deadline=None, max_examples=30)
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_password_matches_its_own_hash_only(password, other):
    kept = broker_password_hash(password)
    assert broker_password_matches(password, kept)
    assert broker_password_matches(other, kept) == (other == password)


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_nothing_matches_a_damaged_hash(text):
    assert not broker_password_matches("secret", text)
