"""Serve: the site's pages, the JSON API, pages of wings and search over HTTP.

app             everything put together: cached pages at once, all else by routes, also of wings
http_messages   replies as values: headers, conditions, refusals; what stands behind a route
backend         threads, sessions and each client's budget, shared by all routes
own_hosts       by which names, and from which pages, requests are answered
page_cache      pages already made     answer_cache  replies that hold until something is written
connections     limits for connections, and the rate behind a budget
api             queries
search_pages    search                 monitoring    health and metrics
hooks           what wings add
server          the HTTP server, also beside the program's work, for monitoring

Pages are the ones that `render` makes for the static site. Nothing that waits for a server runs in the event loop.
"""
