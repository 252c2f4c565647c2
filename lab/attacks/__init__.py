"""Attacks on rankings: how many accounts it takes to buy a place.

scene            a day of a world as a ranking sees it, before and after a campaign
recorded_scene   the same for a frozen issue; recorded_posts: the posts about its papers
other_collectors counts of other sites that the issue uses in place of ours
honest           what rankings and bot rules do to honest accounts
chorus           which accounts are judged to be a chorus after a campaign
campaign         what an attacker does: accounts, posts, likes; and the contract of an attack
attack_files     users' own attacks: loaded, checked and run, with every failure reported
catalogue        the attacks, one per file
least_costs      the fewest accounts that an attack needs
suite            all attacks on all rankings in all worlds, on all cores; recorded_suite: on issues
figures          the results as JSON, and the latest measured ones (measured.json)
report           the results as tables and Markdown; recorded_report: for issues

The input is worlds or issues of a record, and rankings; the output is numbers of accounts and actions. A record is only
read.
"""
