"""The web app: serves the site's pages, the JSON API, readers' forms, mail pages and search over HTTP."""
