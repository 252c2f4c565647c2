"""Attacks on rankings: how many accounts it takes to buy a place.

scene            a day of a world as a ranking sees it, and what becomes of it under a campaign
recorded_scene   the same of a frozen issue; recorded_posts: the posts about its papers
coordinated      which accounts are judged to be a chorus after a campaign
campaign         what an attacker does: accounts, posts, likes; and the contract of an attack
attack_files     attacks of others: loaded, checked, and run so that whatever they do is named
catalogue        the attacks, one a file
search           the least number of accounts that an attack needs
suite            all attacks on all rankings in all worlds, on all cores; recorded_suite: on issues
figures          what they took, as JSON, and what was measured last (measured.json)
prices           what accounts and reactions cost, as others published it
report           the same as a table and as Markdown; recorded_report: of issues

Takes worlds or issues of a record, and rankings; gives numbers of accounts and actions. A record is only read.
"""
