"""Registers the wing's settings, commands, sender, mailer, housekeeping and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotpapers.base.wings import SendingChannel, Wing, load_lazily, load_object
from hotpapers.cli.hooks import Commands
from hotpapers.keep.hooks import ForgettableSubject
from hotpapers.publish.hooks import Housekeeping, JoinAddress
from hotpapers.serve.hooks import Routes
from hotpapers.site.hooks import OwnMailer

if TYPE_CHECKING:
    from hotpapers.base.settings import Settings


def _has_relay(settings: Settings) -> bool:
    return bool(settings.table("mailing").relay)


MAIL = "hotpapers.wings.mail"
WING = Wing(
    "mail",
    "Issues by mail.",
    settings=lambda: (load_object(f"{MAIL}.settings:TABLE"),),
    hooks=(
        Commands({"Publish": {"mail": (f"{MAIL}.cli.mail:mail", "Manage mail subscribers, and read bounces.")}}),
        SendingChannel("mailing", f"{MAIL}.sender:destinations", _has_relay, f"{MAIL}.messages:preview_message"),
        OwnMailer(
            lambda record, site: (
                load_object(f"{MAIL}.plain_mailer:PlainMailer")(record, site) if _has_relay(site.settings) else None
            )
        ),
        ForgettableSubject(
            "A mail address is unsubscribed.",
            load_lazily(f"{MAIL}.addresses:recognize_address"),
            load_lazily(f"{MAIL}.subscribers:forget_address"),
        ),
        Housekeeping(load_lazily(f"{MAIL}.subscribers:keep_house")),
        Routes(load_lazily(f"{MAIL}.mail_pages:routes")),
        JoinAddress(
            lambda settings: "mail/join" if _has_relay(settings) else "",
            lambda settings: load_object(f"{MAIL}.settings:mailing_settings")(settings).base,
        ),
    ),
)
