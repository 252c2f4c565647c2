"""Channel `webhook`: each issue as signed JSON, sent to receivers.

    POST the receiver's address
    content-type: application/json
    x-hotpapers-id: the delivery's id, the same each time this issue is sent to this receiver
    x-hotpapers-signature: t=1610625600,v1=9f86d0…

`v1` is the hexadecimal HMAC-SHA256 (RFC 2104), with the shared secret, of `t`, a full stop and the body; `t` is in
seconds since 1970. The body contains the id, too, so the id is signed. A 2xx, 3xx or 4xx response ends the delivery,
unless it asks to try again (408, 425, 429, or Retry-After). After any other response, or none, it is sent again with
the same id, by which a receiver can recognize duplicates.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterator

import msgspec

from hotpapers.base.errors import SettingsError
from hotpapers.base.model import HttpClient, IssueReader, Message, PublishedIssue
from hotpapers.base.settings.announce import MIN_SECRET_CHARS, WebhookSettings, read_secret
from hotpapers.publish.query.issues import as_issue
from hotpapers.publish.render.feeds import SPACE
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.site_config import SiteConfig

ID, SIGNATURE = "x-hotpapers-id", "x-hotpapers-signature"


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A message's payload. `str` gives the body."""

    id: str
    body: bytes

    def __str__(self) -> str:
        return self.body.decode()


class WebhookSender:
    """One receiver. `key`: its setting. Raises SettingsError, also if the environment has too short a secret."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings, key: str, site_config: SiteConfig) -> None:
        self._target = settings.name
        self._publication = settings.publication
        self._site_config = site_config
        self.url = read_secret(settings.url, f"{key}: url")
        self.secret = read_secret(settings.secret, f"{key}: secret")
        if len(self.secret) < MIN_SECRET_CHARS:
            raise SettingsError(f"{key}: secret: use {MIN_SECRET_CHARS} random characters or more")

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """A day's issue, if this receiver gets the publication. Raises NotFound."""
        if publication == self._publication:
            issue = issue_reader.issue(publication, day)
            yield Message(self._target, webhook_request(issue, self._target, self._site_config))

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends the body once. The receipt is the response's status. Raises RetryLater, RequestRefused,
        NetError."""
        payload: WebhookRequest = message.payload
        headers = {
            "content-type": "application/json",
            ID: payload.id,
            SIGNATURE: sign_body(self.secret, http.now() // 1_000_000, payload.body),
        }
        response = http.post(self.url, body=payload.body, headers=headers, with_body=False)
        return str(response.status)

    def try_out(self, http: HttpClient) -> str:
        """Requests the address, which receivers need not answer well: they expect POST."""
        answers = {*range(300, 600)} - {408, 425, 429, 502, 503, 504}
        status = http.get(self.url, accept=sorted(answers), with_body=False).status
        if 300 <= status < 400:
            return f"the receiver redirects GET ({status}); if it redirects POST too, write where it leads"
        return f"the receiver answers ({status} to GET)"

    def receipt_of(self, message: Message, http: HttpClient) -> None:
        """None: it is sent again, and receivers recognize duplicates by the id."""


def webhook_request(issue: PublishedIssue, receiver: str, site_config: SiteConfig) -> WebhookRequest:
    """The request for a receiver. The same issue always has the same id; its body also has the current data of its
    papers and posts."""
    content = issue.content
    name = [content.publication.publication, content.day, content.edition, WebhookSender.name, receiver]
    name_uuid = uuid.uuid5(SPACE, msgspec.json.encode(name).decode())
    id = str(name_uuid)
    papers = [entry.paper for entry in content.all_entries]
    links = {
        "issue": site_paths.public_url(site_config.base, site_paths.issue_path(content.day)),  # empty without a site
        "papers": {paper: site_paths.paper_url(site_config.base, paper) for paper in papers},
    }
    body = msgspec.json.encode({"id": id, "links": links, "issue": as_issue(issue)})
    return WebhookRequest(id=id, body=body)


def sign_body(shared: str, at: int, body: bytes) -> str:
    """The signature header's value. `at`: seconds since 1970."""
    digest = hmac.new(shared.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
