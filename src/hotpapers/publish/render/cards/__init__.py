"""Cards: the preview images shown with shared links to issues and papers. `card_pages`: which cards there are, and what
they say; `drawing`: an image."""
