"""Secrets are made once, kept for their owner only, and the same at the next start."""

import stat

from nhip.stack.vault import Vault


def test_a_secret_is_made_once_and_kept_private(tmp_path):
    vault = Vault(tmp_path / "secrets")
    secret = vault.secret("database")
    assert len(secret) >= 24
    assert Vault(tmp_path / "secrets").secret("database") == secret
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "database").stat().st_mode) == 0o600


def test_two_names_have_two_secrets_and_a_renewed_one_differs(tmp_path):
    vault = Vault(tmp_path)
    first = vault.secret("one")
    assert vault.secret("two") != first
    assert vault.renewed("one") != first
    assert vault.secret("one") != first


def test_an_empty_file_is_not_taken_for_a_secret(tmp_path):
    (tmp_path / "one").write_text("\n")
    assert Vault(tmp_path).secret("one")
