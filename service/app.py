"""The application: every part made once and handed to the parts that need it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version as version_of

from flask import Flask

from models.features.catalogue import FEATURES
from models.reference.parts_of_the_world import part_of_the_world
from models.reference.reference import Reference, load_reference
from service.api.answers import render_decision
from service.api.blueprint import create_api
from service.api.dependencies import ApiDependencies
from service.api.health import ProbeResult, ReadinessCheck
from service.api.page_links import help_link, page_links
from service.challenges.oidc import OpenIdClient
from service.challenges.pages import PageDependencies, create_pages
from service.config import Settings
from service.connections import RecordedOutcomes, VerdictsSpeak, asking_more
from service.console.blueprint import create_console
from service.console.dependencies import ConsoleDependencies
from service.console.front_page import Condition
from service.console.sign_in_pages import RETURN
from service.domain.errors import UnavailableError
from service.domain.ids import uuid7
from service.metrics import CONTENT_TYPE, Metrics
from service.outbox import Outbox
from service.step_up import StepUpParts, step_up_parts
from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.store import SqlStore
from service.usecases.after_bans_in_force import AfterBansInForce
from service.usecases.answer_once import AnswerOnce
from service.usecases.ask_again import AskAgain
from service.usecases.assess import Assess
from service.usecases.authenticate import Authenticate
from service.usecases.backtest import BackTest
from service.usecases.case_file import ReadFiles
from service.usecases.case_use_cases import CaseUseCases, case_use_cases
from service.usecases.cluster_use_cases import cluster_use_cases
from service.usecases.drift import latest_drift
from service.usecases.in_force import ModelInForce, PolicyInForce
from service.usecases.issue_key import IssueKey, RevokeKey
from service.usecases.judge import Judge
from service.usecases.keep_lists import KeepLists
from service.usecases.keep_models import KeepModels
from service.usecases.lists_in_force import ListsInForce
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.model_use_cases import ModelUseCases
from service.usecases.own_challenges import OwnChallenges
from service.usecases.policy_use_cases import PolicyUseCases
from service.usecases.policy_versions import PolicyVersions
from service.usecases.ports_idempotency import Fingerprint
from service.usecases.read_signup import ReadSignup
from service.usecases.reassess import Reassess
from service.usecases.record_outcome import RecordOutcome
from service.usecases.report_account import ReportAccount
from service.usecases.reviewer_identity import Identities
from service.usecases.search_signups import SearchSignups
from service.usecases.sign_in import SignIn
from service.usecases.sign_in_elsewhere import SignInElsewhere
from service.usecases.watch_attacks import ListAttacks
from service.usecases.webhook_endpoints import WebhookEndpoints
from service.watch import RuleAlarm, WatchedAssess, watch_requests
from service.web import install_web

_EXTENSION = "gatehouse"


@dataclass(frozen=True, slots=True)
class Application:
    """The parts that outlive a request."""

    settings: Settings
    store: SqlStore
    pseudonyms: Pseudonyms
    reference: Reference
    metrics: Metrics
    model: ModelInForce
    policy: PolicyInForce
    judge: Judge
    assess: Assess
    outbox: Outbox
    step_up: StepUpParts
    cases: CaseUseCases


def new_id(now: datetime) -> str:
    """A fresh identifier for a record made at ``now``."""
    return uuid7(now, secrets.randbits(74))


def compose(settings: Settings, *, reference: Reference | None = None) -> Application:
    """Make the parts. Nothing connects, predicts or starts a thread yet, so that a server may fork afterwards.

    Args:
        settings: what the environment decides.
        reference: reference data that is loaded already; loaded here by default, which takes a second.
    """
    pseudonyms = Pseudonyms((key.version, key.key) for key in settings.pseudonym_keys)
    encryption = Encryption((key.version, key.key) for key in settings.encryption_keys)
    store = SqlStore(settings.database_url, encryption=encryption, pseudonyms=pseudonyms)
    if reference is None:
        reference = load_reference(
            country_database=settings.geoip_country_db,
            asn_database=settings.geoip_asn_db,
            events=settings.events_file,
        )
    model = ModelInForce(settings.model_dir, [feature.name for feature in FEATURES], time.monotonic)
    policy = PolicyInForce(store.begin, time.monotonic)
    metrics = Metrics()
    judge = Judge(
        reference=reference,
        model=model,
        policy=policy,
        new_id=new_id,
        lists=ListsInForce(store.begin, pseudonyms.digests, time.monotonic),
        chance=secrets.SystemRandom().random,
        alarm=RuleAlarm(metrics, time.monotonic),
    )
    step_up = step_up_parts(settings, begin=store.begin, policy=policy, reference=reference, new_id=new_id)
    return Application(
        settings=settings,
        store=store,
        pseudonyms=pseudonyms,
        reference=reference,
        metrics=metrics,
        model=model,
        policy=policy,
        judge=judge,
        assess=Assess(
            begin=store.begin,
            judge=judge,
            plan=step_up.plan,
            render=render_decision,
            new_id=new_id,
            after_bans=AfterBansInForce(store.begin, time.monotonic),
        ),
        outbox=Outbox(store.begin, utc_now, time.monotonic),
        step_up=step_up,
        cases=case_use_cases(
            store.begin,
            policy=policy,
            new_id=new_id,
            tell_outcome=VerdictsSpeak(policy, new_id),
            ask_more=asking_more(step_up.plan, judge),
        ),
    )


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, *, reference: Reference | None = None, clock: Callable[[], datetime] = utc_now
) -> Flask:
    """The Flask application over its parts. The model is loaded here, so that forked workers share its memory."""
    application = compose(settings, reference=reference)
    release = version_of("gatehouse")
    loaded = application.model()
    if loaded is not None:
        application.metrics.model_in_use(version=loaded.card.version, sha256=loaded.card.model_sha256)
    application.metrics.running(version=release)
    app = Flask(__name__, static_folder=None)
    app.extensions[_EXTENSION] = application
    install_web(app)
    watch_requests(app, application.metrics)
    app.register_blueprint(create_api(_api_dependencies(application, release, clock)))
    app.register_blueprint(create_pages(_page_dependencies(application, clock)))
    app.register_blueprint(create_console(_console_dependencies(application, release, clock)))
    return app


def request_fingerprint(pseudonyms: Pseudonyms, method: str, route: str, body: bytes) -> Fingerprint:
    """The keyed digest of a request: the same for requests that mean the same."""
    return pseudonyms.fingerprint(b"\n".join([f"{method} {route}".encode(), body]))


def application_of(app: Flask) -> Application:
    """The parts behind a Flask application that ``create_app`` made."""
    application: Application = app.extensions[_EXTENSION]
    return application


def _api_dependencies(application: Application, release: str, clock: Callable[[], datetime]) -> ApiDependencies:
    begin, pseudonyms = application.store.begin, application.pseudonyms
    return ApiDependencies(
        authenticate=Authenticate(begin, time.monotonic),
        fingerprint=partial(request_fingerprint, pseudonyms),
        answer_once=AnswerOnce(begin, time.monotonic, time.sleep),
        assess=WatchedAssess(application.assess, application.metrics),
        read=ReadSignup(begin, application.model),
        reassess=Reassess(begin, application.judge, AskAgain(application.step_up.plan)),
        search=SearchSignups(begin, application.reference),
        report_account=ReportAccount(begin),
        webhooks=WebhookEndpoints(
            begin=begin,
            new_id=new_id,
            random_bytes=secrets.token_bytes,
            private_allowed=application.settings.webhook_private_addresses,
        ),
        policies=_policies(application),
        models=KeepModels(begin, application.settings.model_dir, [feature.name for feature in FEATURES]),
        lists=KeepLists(begin, lambda: application.reference, new_id),
        challenges=OwnChallenges(application.step_up.answer),
        open_links=page_links(application.step_up.secrets.token, application.step_up.pages),
        help_link=help_link(application.step_up.secrets.decision_token, application.step_up.pages),
        cases=application.cases,
        outcomes=RecordOutcome(begin, application.policy, new_id),
        clusters=cluster_use_cases(begin, judge=application.judge, reference=application.reference, new_id=new_id),
        clock=clock,
        attacks=ListAttacks(begin),
        metrics=lambda: (exposition(application), CONTENT_TYPE),
        readiness=readiness_checks(application),
        version=release,
    )


def _page_dependencies(application: Application, clock: Callable[[], datetime]) -> PageDependencies:
    return PageDependencies(
        page=application.step_up.page,
        visits=application.step_up.visits,
        clock=clock,
        secure=application.settings.public_url.startswith("https://"),
    )


def _console_dependencies(application: Application, release: str, clock: Callable[[], datetime]) -> ConsoleDependencies:
    begin = application.store.begin
    sign_in = SignIn(begin, lambda who: application.pseudonyms.fingerprint(who.encode()).newest)
    return ConsoleDependencies(
        begin=begin,
        sign_in=sign_in,
        elsewhere=_sign_in_elsewhere(application, sign_in),
        manage=ManageReviewers(begin),
        issue_key=IssueKey(begin),
        revoke_key=RevokeKey(begin),
        cases=application.cases,
        files=ReadFiles(begin, application.cases.read, application.reference, application.model),
        search=SearchSignups(begin, application.reference),
        clusters=cluster_use_cases(begin, judge=application.judge, reference=application.reference, new_id=new_id),
        lists=KeepLists(begin, lambda: application.reference, new_id),
        policy=application.policy,
        policies=_policies(application),
        part_of=lambda country: part_of_the_world(country, application.reference.time_zones),
        model=application.model,
        models=ModelUseCases.over(begin, application.settings.model_dir, [feature.name for feature in FEATURES]),
        conditions=lambda: _conditions(application),
        clock=clock,
        release=release,
    )


def _policies(application: Application) -> PolicyUseCases:
    begin = application.store.begin
    return PolicyUseCases(PolicyVersions(begin), BackTest(begin, RecordedOutcomes(begin, application.policy)))


def _sign_in_elsewhere(application: Application, sign_in: SignIn) -> SignInElsewhere | None:
    registration, settings = application.settings.reviewers_oidc, application.settings
    if registration is None:
        return None
    return SignInElsewhere(
        begin=application.store.begin,
        sign_in=sign_in,
        provider=OpenIdClient(registration, settings.public_url + RETURN, time.monotonic),
        identities=Identities(registration.issuer, lambda who: application.pseudonyms.fingerprint(who.encode())),
        digest=lambda who: application.pseudonyms.fingerprint(who.encode()),
    )


def exposition(application: Application) -> bytes:
    """The body of ``/metrics``, with what the worker found last; as it was before while the database is away."""
    with suppress(UnavailableError):
        with application.store.begin() as work:
            application.metrics.attacks_going_on(work.attacks.count_open())
        if (measured := latest_drift(application.store.begin)) is not None:
            application.metrics.drift_measured(measured)
    return application.metrics.exposition() + application.outbox.exposition()


def _conditions(application: Application) -> list[Condition]:
    """The readiness checks in words for people."""
    results = [(check.name, check.probe()) for check in readiness_checks(application)]
    return [
        Condition(
            name, result.ok, ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in result.detail.items())
        )
        for name, result in results
    ]


def readiness_checks(application: Application) -> tuple[ReadinessCheck, ...]:
    """What must work before traffic is welcome, and what only degrades the decisions."""

    def database() -> ProbeResult:
        try:
            application.store.probe()  # a small write: a read stays green on a full disk
        except UnavailableError as error:
            return ProbeResult(ok=False, detail={"problem": str(error)})
        return ProbeResult(ok=True)

    def policy() -> ProbeResult:
        try:
            version = application.policy().version
        except UnavailableError as error:
            return ProbeResult(ok=False, detail={"problem": str(error)})
        return ProbeResult(ok=application.policy.problem is None, detail={"version": version})

    def model() -> ProbeResult:
        loaded = application.model()
        if loaded is None:
            return ProbeResult(ok=False, detail={"problem": application.model.problem})
        problem = {} if application.model.problem is None else {"problem": application.model.problem}
        return ProbeResult(ok=not problem, detail={"version": loaded.card.version, **problem})

    def reference() -> ProbeResult:
        networks = application.reference.networks
        return ProbeResult(ok=True, detail={"networks_built": networks.built_on.isoformat()})

    def webhooks() -> ProbeResult:
        try:
            waiting = application.outbox()
        except UnavailableError as error:
            return ProbeResult(ok=False, detail={"problem": str(error)})
        # Receivers that are away are their owners' trouble: this service is as ready as ever.
        age_s = round(application.outbox.age_s(waiting))
        return ProbeResult(ok=True, detail={"waiting": waiting.due, "age_s": age_s, "dead_letters": waiting.dead})

    return (
        ReadinessCheck("database", database),
        ReadinessCheck("policy", policy),
        ReadinessCheck("model", model, required=False),
        ReadinessCheck("reference", reference, required=False),
        ReadinessCheck("webhooks", webhooks, required=False),
    )
