"""Pictures of issues and papers, which other sites show with a link (Open Graph).

card_contents  what is on a card, and its place on a site
drawing        draws a card, if Pillow is installed
demo_card      the card of the demo's week
wing           registers the wing's hooks
"""
