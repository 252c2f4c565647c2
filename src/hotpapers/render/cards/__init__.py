"""Cards: the pictures that stand beside a link to an issue or a paper where it is passed on."""
