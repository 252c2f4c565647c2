"""Delivery of issues: to folders, and what all channels share that send, so that each issue goes out once.

export_site       writes and updates a folder; helpers: files, parallel, size_budget
send              shared by all channels that send
delivery_states   the progress of each delivery, and what the record keeps of it; queries: the store queries

Takes frozen issues and the output of `render`; keeps what was delivered. It must not decide what an issue contains.
"""
