"""The pages mounted alone: what they serve needs neither database nor API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI

from api.pages import router

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def application() -> FastAPI:
    bare = FastAPI(docs_url=None, redoc_url=None)
    bare.include_router(router())
    return bare


@pytest.fixture
def get(application: FastAPI) -> Callable[..., httpx.Response]:
    """A function that asks for one address, without any cookie of before."""

    def ask(path: str, base: str = "http://nhip.test", **headers: str) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=application)
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

        return asyncio.run(once())

    return ask
