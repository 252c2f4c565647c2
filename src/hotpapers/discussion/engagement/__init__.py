"""Engagement: who talked about which paper by when, counted from the record for rankings and history.

measurement      what is measured: papers, ages, windows; when posts are recounted
queries          what was said by then
recounts         which posts are counted again, and when
attention        whose voices count, and how many; post_reactions: reactions to one post, by account
standing         which accounts the record has known for a while

Takes a view of the store; returns counts by paper, network and age. It must not know what an issue does with them.
"""
