"""The web app: serves the site's pages, the JSON API, pages of wings and search over HTTP.

app, serving                everything put together: cached pages at once, all else by routes, also of wings
responders, http_messages   what stands behind a route; replies as values: headers, conditions, refusals
backend                     threads, sessions and each client's budget, shared by all routes: rate_limits
page_cache, byte_cache      pages already made     connections, connection_table   limits for connections
api                         queries
search_pages                search                 monitoring   health and metrics
server                      the HTTP server, also beside the program's work, for monitoring

Pages are the ones that `render` makes for the static site. Nothing that waits for a server runs in the event loop.
"""
