"""Pages for people: start, registration on a phone, indicator values, health, quarantine, log-in.

Server-rendered shells (Jinja2) whose own ES modules read and write through the JSON API: what a page can do,
a program can do. No build step, nothing from other hosts, no inline script or style.
"""

from api.pages.routes import router

__all__ = ["router"]
