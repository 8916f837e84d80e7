"""The offline documentation page: Swagger UI from an installed package, nothing from the network."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Response

from service.web import NOT_FOUND, RefusedError

_PACKAGE = "flask_openapi3_swagger"
_ASSETS = {
    "swagger-ui.css": ("css/swagger-ui.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("js/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger.svg": ("images/swagger.svg", "image/svg+xml"),
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse HTTP API</title>
<link rel="icon" href="/docs/swagger.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="documentation"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """window.addEventListener("load", () => {
  SwaggerUIBundle({ url: "/openapi.json", dom_id: "#documentation", deepLinking: true, validatorUrl: null });
});
"""
# Swagger UI sets style attributes and draws its icons from data: URLs; scripts come from here alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def docs_page() -> Response:
    """The page itself."""
    response = Response(_PAGE, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def docs_asset(name: str) -> Response:
    """One of the files the page asks for.

    Raises:
        RefusedError: there is no such file (404).
    """
    if name == "start.js":
        content, content_type = _START.encode(), "text/javascript; charset=utf-8"
    elif name in _ASSETS:
        path, content_type = _ASSETS[name]
        content = (_swagger() / path).read_bytes()
    else:
        raise RefusedError(NOT_FOUND, "There is no such page.")
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@cache
def _swagger() -> Path:
    """Where the package keeps its files; looked up without importing it, for it would import its framework."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"bug: {_PACKAGE} is a dependency and not installed")
    return Path(spec.origin).parent / "templates" / "swagger"
