"""Which servers are read, and the addresses of their timelines and streams."""

from __future__ import annotations

from urllib.parse import urlencode

from hotpapers.base.http import bearer_header
from hotpapers.base.http.address_guard import require_address
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct


class MastodonServer(SettingsStruct):
    """A server to read. `base`: its address. `tags`: which hashtags; `public`: its public timeline too. `token`: the
    operator's own, if the server shows timelines only to its users. `streaming`: the address of its event streams, to
    listen to one between rounds; most servers require a token."""

    base: str
    tags: tuple[str, ...] = ("arxiv",)
    public: bool = False
    token: str = ""
    streaming: str = ""

    def __post_init__(self) -> None:
        require_address(self.base)
        if not self.paths:
            raise ValueError(f'{self.base}: no timeline; write tags = ["arxiv"] or public = true')

    @property
    def headers(self) -> dict[str, str]:
        """The headers for this server, and for no other."""
        return bearer_header(self.token)

    @property
    def paths(self) -> list[str]:
        tags = (f"tag/{tag}" for tag in self.tags)
        return [*tags, *(["public"] if self.public else [])]

    @property
    def stream(self) -> str:
        """The address of the stream to listen to: the public timeline, or the first hashtag."""
        if self.public:
            return f"{self.streaming}/api/v1/streaming/public"
        return f"{self.streaming}/api/v1/streaming/hashtag?{urlencode({'tag': self.tags[0]})}"


class MastodonSettings(SettingsStruct):
    """`servers`: none by default. `every`: seconds between rounds."""

    servers: tuple[MastodonServer, ...] = ()
    every: AtLeastOne = 300
