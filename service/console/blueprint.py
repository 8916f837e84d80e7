"""The console as one Flask blueprint: which page is where, and who may open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from service.console.audit_pages import AuditPages
from service.console.bulk_pages import BulkPages
from service.console.callers import who
from service.console.case_pages import CasePages
from service.console.cluster_pages import ClusterPages
from service.console.cluster_steps import ClusterSteps
from service.console.cluster_words import GUARDS, LABELS, kind_words, short, why_words
from service.console.dependencies import ConsoleDependencies
from service.console.door import current, recognise, require_own_form, signed_in, to_sign_in
from service.console.figures import band, exact_percent, gauge, percent, score_bar
from service.console.front_page import add_front_page
from service.console.list_pages import ListPages
from service.console.model_pages import ModelPages, figure
from service.console.overview_pages import OverviewPages
from service.console.pages import SECURITY_POLICY, error_page
from service.console.people_pages import PeoplePages
from service.console.plain_text import shown, told
from service.console.policy_pages import PolicyPages
from service.console.queue_pages import QueuePages
from service.console.search_pages import SearchPages
from service.console.sign_in_pages import SignInPages
from service.console.times import span, when
from service.console.worker_cases import cluster_words, reason_name
from service.domain.reviewer import Role

View = Callable[..., AnyResponse]
STATIC_AGE_S = 3_600
FORM_LIMIT = 3 * 1024 * 1024
"""Of a form with a file in it; one without is bounded by Flask at half a megabyte."""

_BUNDLED = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the console. ``role`` is ``None`` where nobody needs to be signed in."""

    path: str
    endpoint: str
    view: View
    role: Role | None = Role.REVIEWER
    methods: tuple[str, ...] = ("GET",)


def create_console(deps: ConsoleDependencies) -> Blueprint:
    """Every page over these use cases; problems are answered as pages, in the words of the error."""
    console = Blueprint("console", __name__, template_folder="templates", static_folder="static", url_prefix="/console")
    for each in _pages(deps):
        view = _guarded(each, deps)
        console.add_url_rule(each.path, endpoint=each.endpoint, view_func=view, methods=list(each.methods))
    add_front_page(console, deps.release, deps.conditions)
    for path in ("/", "/<path:anything>"):
        console.add_url_rule(path, endpoint="nowhere", view_func=_nowhere, methods=["GET"])
    console.before_request(lambda: recognise(deps.sign_in, deps.clock))
    console.after_request(_secured)
    console.register_error_handler(Exception, lambda error: error_page(error, deps.clock()))
    console.record_once(
        lambda state: state.app.jinja_env.filters.update(
            shown=shown, told=told, percent=percent, span=span, exact=exact_percent, figure=figure, reason=reason_name
        )
    )
    console.record_once(
        lambda state: state.app.jinja_env.filters.update(kind=kind_words, short=short, who=who, why=why_words)
    )
    console.record_once(lambda state: state.app.jinja_env.filters.update(cluster_words=cluster_words))
    console.record_once(lambda state: state.app.jinja_env.globals.update(guards=GUARDS, labels=LABELS))
    console.record_once(
        lambda state: state.app.jinja_env.globals.update(
            when=when, gauge=gauge, score_bar=score_bar, band=band, release=deps.release
        )
    )
    return console


def _pages(deps: ConsoleDependencies) -> tuple[Page, ...]:
    door, queue, search = SignInPages(deps), QueuePages(deps), SearchPages(deps)
    case, audit, overview, people = CasePages(deps, queue), AuditPages(deps), OverviewPages(deps), PeoplePages(deps)
    bulk, cluster = BulkPages(deps), ClusterPages(deps)
    step = ClusterSteps(cluster)
    policy, models, lists = PolicyPages(deps), ModelPages(deps), ListPages(deps)
    both, post = ("GET", "POST"), ("POST",)
    return (
        Page("/sign-in", "sign_in", door.sign_in, None, both),
        Page("/sign-in/elsewhere", "sign_in_elsewhere", door.elsewhere, None),
        Page("/sign-in/return", "sign_in_return", door.back, None),
        Page("/sign-out", "sign_out", door.sign_out, methods=post),
        Page("/password", "password", door.password, methods=both),
        Page("/queue", "queue", queue.queue),
        Page("/queue/claim", "claim_next", queue.claim_next, methods=post),
        Page("/live", "live", queue.live),
        Page("/cases/<case_id>", "case", case.case),
        Page("/cases/<case_id>/graph", "case_graph", case.graph),
        Page("/cases/<case_id>/reveal", "case_reveal", case.reveal, methods=post),
        Page("/cases/<case_id>/claim", "case_claim", case.claim, methods=post),
        Page("/cases/<case_id>/extend", "case_extend", case.extend, methods=post),
        Page("/cases/<case_id>/release", "case_release", case.release, methods=post),
        Page("/cases/<case_id>/assign", "case_assign", case.assign, Role.LEAD, post),
        Page("/cases/<case_id>/snooze", "case_snooze", case.snooze, methods=post),
        Page("/cases/<case_id>/notes", "case_note", case.note, methods=post),
        Page("/cases/<case_id>/verdict", "case_verdict", case.verdict, methods=post),
        Page("/cases/<case_id>/undo", "case_undo", case.undo, methods=post),
        Page("/cases/<case_id>/reopen", "case_reopen", case.reopen, methods=post),
        Page("/bulk", "bulk", bulk.preview, methods=post),
        Page("/bulk/apply", "bulk_apply", bulk.apply, methods=post),
        Page("/bulk/undo", "bulk_undo", bulk.undo, methods=post),
        Page("/proposals", "proposals", bulk.proposals),
        Page("/proposals/<proposal_id>/approve", "proposal_approve", bulk.approve, Role.LEAD, post),
        Page("/proposals/<proposal_id>/decline", "proposal_decline", bulk.decline, methods=post),
        Page("/clusters", "clusters", cluster.clusters),
        Page("/clusters/<cluster>", "cluster", cluster.cluster),
        Page("/clusters/<cluster>/graph", "cluster_graph", cluster.graph),
        Page("/clusters/<cluster>/preview", "cluster_preview", cluster.preview),
        Page("/clusters/<cluster>/contain", "cluster_contain", step.contain, methods=post),
        Page("/clusters/<cluster>/confirm/<containment>", "cluster_confirm", step.confirm, Role.LEAD, post),
        Page("/clusters/<cluster>/decline/<containment>", "cluster_decline", step.decline, methods=post),
        Page("/clusters/<cluster>/release", "cluster_release", step.release, Role.LEAD, post),
        Page("/clusters/<cluster>/cut", "cluster_cut", cluster.cut),
        Page("/clusters/<cluster>/cut/apply", "cluster_cut_apply", step.cut, Role.LEAD, post),
        Page("/clusters/<cluster>/reveal", "cluster_reveal", step.reveal, methods=post),
        Page("/search", "search", search.search, methods=both),
        Page("/signups/<record_id>", "signup", search.signup),
        Page("/signups/<record_id>/reveal", "signup_reveal", search.reveal, methods=post),
        Page("/signups/<record_id>/case", "signup_case", search.open_case, methods=post),
        Page("/overview", "overview", overview.overview),
        Page("/policy", "policy", policy.policy),
        Page("/policy/versions/<version>", "policy_version", policy.version),
        Page("/policy/versions/<version>/backtest", "policy_backtest", policy.backtest, Role.LEAD, post),
        Page("/policy/versions/<version>/activate", "policy_activate", policy.activate, Role.ADMIN, post),
        Page("/policy/difference", "policy_difference", policy.difference),
        Page("/policy/draft", "policy_draft", policy.draft, Role.LEAD),
        Page("/policy/drafts", "policy_add", policy.add, Role.LEAD, post),
        Page("/policy/rollback", "policy_roll_back", policy.roll_back, Role.LEAD, post),
        Page("/models", "models", models.models),
        Page("/models/<version>", "model", models.model),
        Page("/models/<version>/comparison", "model_comparison", models.comparison),
        Page("/models/<version>/shadow", "model_shadow", models.shadow, Role.ADMIN, post),
        Page("/models/<version>/promotion", "model_promotion", models.promotion, Role.ADMIN),
        Page("/models/<version>/promote", "model_promote", models.promote, Role.ADMIN, post),
        Page("/models/<version>/override", "model_override", models.override, Role.ADMIN, post),
        Page("/models/rollback", "model_roll_back", models.roll_back, Role.ADMIN, post),
        Page("/lists", "lists", lists.lists),
        Page("/lists/search", "lists_search", lists.search, methods=post),
        Page("/lists/<name>/add", "list_add", lists.add, Role.LEAD, post),
        Page("/lists/<name>/import", "list_import", lists.load, Role.LEAD, post),
        Page("/lists/<name>/export", "list_export", lists.export, Role.LEAD, post),
        Page("/lists/<name>/<entry_id>/end", "list_end", lists.end, Role.LEAD, post),
        Page("/audit", "audit", audit.audit, Role.LEAD),
        Page("/audit.csv", "audit_csv", audit.export, Role.LEAD),
        Page("/people", "people", people.people, Role.ADMIN),
        Page("/people/create", "people_create", people.create, Role.ADMIN, post),
        Page("/people/<name>/reset", "people_reset", people.reset, Role.ADMIN, post),
        Page("/people/<name>/role", "people_role", people.role, Role.ADMIN, post),
        Page("/people/<name>/identity", "people_identity", people.identity, Role.ADMIN, post),
        Page("/people/<name>/disable", "people_disable", people.disable, Role.ADMIN, post),
        Page("/keys/issue", "keys_issue", people.issue, Role.ADMIN, post),
        Page("/keys/<key_id>/revoke", "keys_revoke", people.revoke, Role.ADMIN, post),
    )


def _guarded(page: Page, deps: ConsoleDependencies) -> View:
    """The view behind the door: a session first, then its role, then a form of its own."""
    del deps

    def view(**parameters: str) -> AnyResponse:
        if page.role is not None and current() is None:
            return to_sign_in()
        if request.method == "POST":
            request.max_content_length = FORM_LIMIT
            require_own_form()
        if page.role is not None:
            if signed_in().reviewer.must_change and page.endpoint not in {"password", "sign_out"}:
                return redirect(url_for("console.password"), 303)
            signed_in().acting.require(page.role)
        return page.view(**parameters)

    return view


def _nowhere(anything: str = "/") -> AnyResponse:
    """There is no such page; with a slash too many at its end there may be."""
    if not anything.endswith("/"):
        raise NotFound
    return redirect(request.root_path + quote(request.path.rstrip("/")))


def _secured(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SECURITY_POLICY
    if request.endpoint == "console.static":
        # Addresses carry the release, so that a new one is asked for anew.
        response.headers["Cache-Control"] = f"private, max-age={STATIC_AGE_S}"
    return response
