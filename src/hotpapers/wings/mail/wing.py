"""What the wing hooks into the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotpapers.base.wings import ForgettableSubject, SendingChannel, Wing, load, loading

if TYPE_CHECKING:
    from hotpapers.base.settings import Settings


def _has_relay(settings: Settings) -> bool:
    return bool(settings.table("mailing").relay)


MAIL = "hotpapers.wings.mail"
WING = Wing(
    "mail",
    "Issues by mail.",
    commands={"Publish": {"mail": (f"{MAIL}.cli.mail:mail", "Manage mail subscribers, and read bounces.")}},
    settings=lambda: (load(f"{MAIL}.settings:TABLE"),),
    channels={
        "mailing": SendingChannel(
            loading(f"{MAIL}.sender:destinations"), _has_relay, loading(f"{MAIL}.messages:preview")
        )
    },
    mailer=lambda record, site: (
        load(f"{MAIL}.plain_mailer:PlainMailer")(record, site) if _has_relay(site.settings) else None
    ),
    subject=ForgettableSubject(
        "A mail address is unsubscribed.",
        loading(f"{MAIL}.addresses:recognized"),
        loading(f"{MAIL}.subscribers:forget"),
    ),
    # even if mail is now off: the confirmation message promised deletion
    housekeeping=loading(f"{MAIL}.subscribers:keep_house"),
    routes=loading(f"{MAIL}.mail_pages:routes"),
    join_path=lambda settings: "mail/join" if _has_relay(settings) else "",
)
