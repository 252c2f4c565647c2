"""Mailing: issues to those who asked for them, by mail, each at most once.

addresses    what is a mail address, and what of it may be told
tokens       the links that confirm and unsubscribe: signed, some for a time
subscribers  who asked, confirmed, left; addresses are deleted when somebody leaves
journal      how far each letter has come, so that none is handed over twice
letter       what a letter says: every word chosen, as plain text and as HTML
wire         how mail is written: headers, parts, line lengths (RFC 5322, RFC 2045)
composing    whole letters: issues, and the one that asks to confirm
replies      pure: what a relay's reply means
relay        the connection to the relay (SMTP, TLS)
office       settings and password: from where and through whom mail goes
sender       the channel: parcels, each sent at most once, paced, stopped when too many come back
joining      to ask for a confirmation
returned     what comes back into the mailbox: reports, unsubscribe requests, confirmations
dns          a small DNS client
spf          pure: which servers may send for a domain
checking     what a domain says of mail from it, and what is to be added
"""
