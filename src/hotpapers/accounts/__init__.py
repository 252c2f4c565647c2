"""Proof that an account is somebody's own, by a code in its profile, and what may be done with that proof.

claims     pure: which account somebody means
codes      pure: the code that is asked for, and whether it stands in a profile
profiles   what an account says of itself now, asked of its network
actions    what is done: all its posts are hidden, or it counts as a person
"""
