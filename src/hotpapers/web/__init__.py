"""The web app: the site's pages over HTTP. Nothing is made here that the static site does not have."""
