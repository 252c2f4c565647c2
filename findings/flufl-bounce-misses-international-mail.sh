#!/bin/sh
# flufl.bounce 6.0.0 (PyPI, the bounce detection of Mailman 3): reports about mail that failed for good.
# Guess: A report by RFC 6533 (utf-8 addresses) is found like one by RFC 3464, and a comment changes nothing.
# Seen:  Nothing is found if the recipient has the type utf-8, even with an ASCII address, nor with a comment before the
#        action, which RFC 3464 allows; a comment after it is ignored, as it should be.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check flufl.bounce==6.0.0
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from email import message_from_string

from flufl.bounce import all_failures

REPORT = """From: mailer-daemon@mail.example
To: bounces@papers.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: text/plain

A mail could not be delivered.

--b
Content-Type: message/{kind}

Reporting-MTA: dns; mail.example

Final-Recipient: {recipient}
Action: {action}
Status: 5.1.1

--b--
"""
for kind, recipient, action in (
    ("delivery-status", "rfc822; ann@mail.example", "failed"),
    ("delivery-status", "rfc822; ann@mail.example", "failed (no such user)"),
    ("delivery-status", "rfc822; ann@mail.example", "(no such user) failed"),
    ("delivery-status", "utf-8; ann@mail.example", "failed"),
    ("global-delivery-status", "utf-8; ann@mail.example", "failed"),
):
    report = message_from_string(REPORT.format(kind=kind, recipient=recipient, action=action))
    print(sorted(all_failures(report)[1]))
PYTHON
)
expected=$(cat <<'TEXT'
[b'ann@mail.example']
[b'ann@mail.example']
[]
[]
[]
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
