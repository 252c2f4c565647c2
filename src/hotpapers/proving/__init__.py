"""Somebody proves that an account is theirs, by a code in its profile, and says what is to become of it here.

claims     pure: which account somebody means
codes      pure: the code that is asked for, and whether it stands in a profile
profiles   what an account says of itself now, asked of its network
wishes     what is done: all its posts are hidden, or it counts as a person
"""
