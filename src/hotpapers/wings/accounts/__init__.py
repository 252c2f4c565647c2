"""Proving ownership of an account by a code in its profile, and what the proof allows.

claims     pure: which account somebody means
codes      pure: the code to put into the profile, and whether a profile contains it
profiles   an account's current profile text, fetched from its network
actions    what a proved owner can do: hide all posts, or have the account count as a person
my_posts   the page `/mine`, where authors of posts do it
wing       what it hooks into the core
"""
