"""The console's front page: whether the service is well, and where everything is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.door import current


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of the service, in words for people."""

    name: str
    well: bool
    detail: str = field(default="")


def add_front_page(pages: Blueprint, release: str, conditions: Callable[[], Sequence[Condition]]) -> None:
    """``/console`` for anybody who can reach the service: conditions and versions, nothing about people.

    Whoever is signed in goes on to the queue.
    """

    def front_page() -> AnyResponse | str:
        if current() is not None:
            return redirect(url_for("console.queue"), 303)
        return render_template("front_page.html", release=release, conditions=conditions(), who=None, navigation=())

    def to_console() -> AnyResponse:
        return redirect("/console", 302)

    pages.add_url_rule("", endpoint="front_page", view_func=front_page, methods=["GET"])
    pages.record_once(lambda state: state.app.add_url_rule("/", "root", to_console, methods=["GET"]))
