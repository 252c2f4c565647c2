"""Cards: the preview images shown with shared links to issues and papers."""
