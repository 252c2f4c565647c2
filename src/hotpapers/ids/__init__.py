"""What texts name: arXiv identifiers and links (`arxiv`), mentions of papers (`mentions`), HTML as plain text. Pure."""
