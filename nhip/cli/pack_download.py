"""Files from the API: what `nhip evidence` needs beside JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import urllib3

from nhip.cli.client import ApiClient, ApiUnreachableError, ClientSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERROR_STATUS_MIN: Final = 400


class PackClient(ApiClient):
    """The API's client, which can also download a file."""

    @classmethod
    def from_environment(cls) -> PackClient:
        """Return the client that NHIP_API_URL and NHIP_API_KEY describe."""
        settings = ClientSettings()
        return cls(settings.api_url, settings.api_key.get_secret_value() if settings.api_key else None)

    def download(self, path: str, query: Mapping[str, object]) -> bytes:
        """Return the content of a file.

        Args:
            path: below `/api/v1`.
            query: parameters; those that are None are left out.

        Raises:
            ApiUnreachableError: nobody answers.
            ApiProblemError: the API refuses.
            NotAnApiError: it refuses, and not in JSON.
        """
        given = {name: value for name, value in query.items() if value is not None}
        try:
            response = self._pool.request(
                "GET",
                f"{self.url}/api/v1{path}?{urlencode(given)}",
                headers=self._headers | {"Accept": "*/*"},
            )
        except urllib3.exceptions.HTTPError as error:
            raise ApiUnreachableError(self.url, type(error).__name__) from error
        if response.status >= _ERROR_STATUS_MIN:
            self._parsed(response.status, response.data)
        return response.data
