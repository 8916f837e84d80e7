"""The console's front page: whether the service is well, and where everything is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of the service, in words for people."""

    name: str
    well: bool
    detail: str = field(default="")


def create_front_page(release: str, conditions: Callable[[], Sequence[Condition]]) -> Blueprint:
    """``/console`` for anybody who can reach the service: conditions and versions, nothing about people."""
    pages = Blueprint("console", __name__, template_folder="templates", static_folder="static", url_prefix="/console")

    def front_page() -> Response:
        response = Response(render_template("front_page.html", release=release, conditions=conditions()))
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    def to_console() -> AnyResponse:
        return redirect("/console", 302)

    pages.add_url_rule("", endpoint="front_page", view_func=front_page, methods=["GET"])
    pages.record_once(lambda state: state.app.add_url_rule("/", "root", to_console, methods=["GET"]))
    return pages
