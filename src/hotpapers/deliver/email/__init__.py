"""Mail: issues to those who asked for them, each at most once.

addresses    what a mail address is, and what of it may be told
tokens       the links that confirm and unsubscribe: signed, some for a time
subscribers  who asked, confirmed, left; addresses are deleted when somebody leaves
opt_in       the message that asks to confirm
outbox       how far each message has come, so that none is handed over twice
issue_text   what a message says of an issue, as plain text and as HTML
mime         headers, parts, line lengths (RFC 5322, RFC 2045)
messages     whole messages: issues, and the one that asks to confirm
smtp         the connection to the relay (SMTP, TLS); smtp_replies: pure, what a reply means
config       settings and password: from where and through whom mail goes
sender       the channel: each message sent at most once, paced, stopped when too many come back
bounces      what comes back into the mailbox: reports, unsubscribe requests, confirmations
dns, spf     what a domain says of its mail; pure: which servers may send for it
queries      subscribers and messages as the store keeps them
dns_checks   what a domain says of mail from it, and what is to be added
"""
