"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hotpapers.base.wings import ForgettableSubject, SendingChannel, Wing, load, loading

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from hotpapers.base.model import Publication, PublishedIssue, RenderedFile
    from hotpapers.base.settings import Settings
    from hotpapers.publish.schedule.sending import SenderDestination
    from hotpapers.publish.view.site_config import SiteConfig
    from hotpapers.record import Record
    from hotpapers.serve.web.backend import Backend
    from hotpapers.serve.web.page_cache import CurrentPages
    from hotpapers.site.sending import OpenClient
    from hotpapers.site.site import Site
    from hotpapers.wings.mail.plain_mailer import PlainMailer


def _has_relay(settings: Settings) -> bool:
    return bool(settings.table("mailing").relay)


def _destinations(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    from hotpapers.publish.schedule.sending import SenderDestination
    from hotpapers.wings.mail.config import site_mail_config
    from hotpapers.wings.mail.sender import EmailSender

    if not _has_relay(site.settings):
        return
    sender = EmailSender(record, site_mail_config(site), site.site_config)
    client = open_client((), ())

    def close() -> None:
        sender.close()
        client.close()

    yield SenderDestination(sender, client.http, sender.check, sender.tidy, close)


def _mailer(record: Record, site: Site) -> PlainMailer | None:
    if not _has_relay(site.settings):
        return None
    from hotpapers.wings.mail.config import site_mail_config
    from hotpapers.wings.mail.plain_mailer import PlainMailer

    return PlainMailer(record, site_mail_config(site))


def _preview(issue: PublishedIssue, settings: Settings, site_config: SiteConfig) -> RenderedFile:
    from hotpapers.wings.mail.config import preview_config
    from hotpapers.wings.mail.messages import preview
    from hotpapers.wings.mail.settings import mailing

    return preview(issue, preview_config(mailing(settings)), site_config)


def _routes(backend: Backend, pages: CurrentPages, publication: Publication, site: Site) -> Iterator[BaseRoute]:
    from hotpapers.wings.forms.form_router import form_router
    from hotpapers.wings.mail import join_page, mail_pages
    from hotpapers.wings.mail.config import site_mail_config

    yield from mail_pages.routes(backend)
    router = form_router(backend, publication)
    if router and _has_relay(site.settings):
        dependencies = join_page.JoinDependencies(backend.open_record, site_mail_config(site), publication.publication)
        yield from join_page.routes(router, dependencies)


def _join_path(settings: Settings) -> str:
    return "mail/join" if _has_relay(settings) else ""


MAIL = "hotpapers.wings.mail"
WING = Wing(
    "mail",
    "Issues by mail.",
    commands={"mail": (f"{MAIL}.cli.mail:mail", "Manage mail subscribers, and read bounces.")},
    settings=lambda: (load(f"{MAIL}.settings:TABLE"),),
    channels={"mailing": SendingChannel(_destinations, _has_relay, _preview)},
    mailer=_mailer,
    subject=ForgettableSubject(
        "A mail address is unsubscribed.",
        loading(f"{MAIL}.addresses:recognized"),
        loading(f"{MAIL}.subscribers:forget"),
    ),
    # even if mail is now off: the confirmation message promised deletion
    housekeeping=loading(f"{MAIL}.subscribers:tidy"),
    routes=_routes,
    join_path=_join_path,
)
