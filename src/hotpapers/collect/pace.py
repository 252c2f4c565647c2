"""How often each host may be asked."""

from __future__ import annotations

PACE = {"arxiv.org": 3.0, "lobste.rs": 10.0, "hacker-news.firebaseio.com": 0.2, "www.reddit.com": 6.0}
"""Minimum seconds between the starts of two requests to a host and its subdomains; one second for all others. arXiv
wants one pace for all machines of a site: it has it, as one process at a time has the lease of its job."""
