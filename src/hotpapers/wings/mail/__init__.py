"""Mail: issues to their subscribers, each at most once.

addresses    validation, normalization and redaction of mail addresses
tokens       signed tokens for confirm and unsubscribe links; those that confirm expire
subscribers  who asked, confirmed, left; addresses are deleted when somebody leaves
issue_text   an issue's message as plain text and as HTML
offer        what subscribers get, and how often
mime         headers, parts, line lengths (RFC 5322, RFC 2045)
messages     whole messages: issues and confirmation requests
smtp         the connection to the relay (SMTP, TLS); smtp_replies: what a reply means (pure);
             refusal_words: what its words tell
sender       the channel: sends each message at most once, paced, and stops when too many fail
plain_mailer the operator's own messages, for other wings, and the confirmation request
bounces      incoming mail: bounce reports, unsubscribe requests, confirmations
queries      subscribers and messages in the store
mail_pages   the app's pages for readers: join_page, confirm, leave
settings     `[mailing]`, the relay's password; cli: `hotpapers mail`; wing: what it hooks into the core
"""
