"""Render values as text in the classic format."""

from __future__ import annotations

import html

from msgspec.structs import replace

from hotpapers.base.errors import NotClassic
from hotpapers.base.model import TextLink
from hotpapers.wings.classic.format.model import ClassicIssue, ClassicItem, ClassicPost, post_day
from hotpapers.wings.classic.format.rules import (
    STRAY,
    STRAY_OR_NEWLINE,
    bad_fields,
    bad_head,
    bad_item_characters,
    bad_post,
    bad_target,
    check_size,
    is_category,
    is_language,
)

SCRIPT = '<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>'
UNKNOWN = ("unknown",)
EMBED = '<blockquote class="twitter-tweet">'


def render_classic(issue: ClassicIssue, *, escape: bool = False) -> str:
    """The text of an issue in the classic format.

    Without `escape`, for parsed issues: free text is written verbatim. Raises NotClassic for anything that `parse`
    would not return unchanged.

    With `escape`, for text from other sources: `&`, `<` and `>` in title, authors and abstract are escaped; newlines
    and control characters become spaces (but newlines stay in a post's text); commas are removed from authors' names;
    links that are neither http nor https become plain text. A missing title is replaced by the identifier, missing
    authors or categories by `unknown`. Posts that this format cannot represent are left out.

    A post's text, name and link targets are always escaped.
    """
    if escape:
        issue = replace(issue, items=tuple(map(_cleaned_item, issue.items)))
    _check(issue)
    text = write_classic(issue)
    check_size(text, "\n")
    return text


def write_classic(issue: ClassicIssue) -> str:
    """The text of an issue whose values are known to be valid; ends with a newline."""
    matter = front_matter(issue.date, issue.made)
    head = [*matter, *[""] * issue.lead]
    items = [_item(item) for item in issue.items]
    return "\n".join([*head, *items, ""])


def front_matter(date: str, written_at: str) -> list[str]:
    """The lines with which every file starts."""
    return [
        "---",
        f"title: Hot Papers {date}",
        f"date: {written_at}.Z",
        'template: "post"',
        "draft: false",
        f'slug: "hot-papers-{date}"',
        'category: "arXiv"',
        "tags:",
        '  - "arXiv"',
        '  - "Twitter"',
        '  - "Machine Learning"',
        '  - "Computer Science"',
        f'description: "Hot papers {date}"',
        'socialImage: "/media/flying-marine.jpg"',
        "",
        "---",
    ]


def escape_text(text: str) -> str:
    """Plain text escaped as HTML text or attribute, with the five entities of this format."""
    markup = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return markup.replace('"', "&quot;").replace("'", "&#39;")


def _check(issue: ClassicIssue) -> None:
    if reason := bad_head(issue):
        raise NotClassic(reason)
    for number, item in enumerate(issue.items, 1):
        for field, reason in bad_fields(item, number):
            raise NotClassic(f"item {number}, {field}: {reason}")
        for post in item.posts:
            if reason := bad_post(post):
                raise NotClassic(f"item {number}, post {post.id[:20]}: {reason}")
        if reason := bad_item_characters(item):
            raise NotClassic(f"item {number}: {reason}")


def _item(item: ClassicItem) -> str:
    links = f"[abs](https://arxiv.org/abs/{item.paper}) | [pdf](https://arxiv.org/pdf/{item.paper})"
    categories = " | ".join([f"[{name}](https://arxiv.org/list/{name}/recent)" for name in item.categories])
    posts = "".join([_post(post) for post in item.posts])
    return (
        f"\n# {item.number}. {item.title}\n\n{', '.join(item.authors)}\n\n"
        f"- retweets: {item.reposts}, favorites: {item.likes} ({item.tallied})\n\n"
        f"- links: {links}\n- {categories}\n\n{item.abstract}\n\n{posts}\n"
    )


def _post(post: ClassicPost) -> str:
    direction = "rtl" if post.rtl else "ltr"
    status = f"https://twitter.com/{post.handle}/status/{post.id}?ref_src=twsrc%5Etfw"
    return (
        f'{EMBED}<p lang="{post.lang}" dir="{direction}">{_linked(post.text, post.links)}</p>'
        f'&mdash; {escape_text(post.name)} (@{post.handle}) <a href="{status}">{post_day(post.id)}</a></blockquote>\n'
        f"{SCRIPT}\n\n"
    )


def _linked(text: str, links: tuple[TextLink, ...]) -> str:
    parts = []
    end = 0
    for link in links:
        label = escape_text(text[link.start : link.end])
        before = escape_text(text[end : link.start])
        parts += [before, f'<a href="{escape_text(link.target)}">{label}</a>']
        end = link.end
    rest = escape_text(text[end:])
    return "".join([*parts, rest]).replace("\n", "<br>")


def _cleaned_item(item: ClassicItem) -> ClassicItem:
    authors = [_words(author).replace(",", "") for author in item.authors]
    posts = [_cleaned_post(post) for post in item.posts]
    return replace(
        item,
        title=_words(item.title) if item.title.strip() else item.paper,
        authors=tuple(author for author in authors if author.strip()) or UNKNOWN,
        categories=tuple(category for category in item.categories if is_category(category)) or UNKNOWN,
        abstract=_words(item.abstract),
        posts=tuple(post for post in posts if not bad_post(post)),
    )


def _words(text: str) -> str:
    return html.escape(STRAY_OR_NEWLINE.sub(" ", text), quote=False)


def _cleaned_post(post: ClassicPost) -> ClassicPost:
    # Character by character, so the links' positions stay valid.
    text = STRAY.sub(" ", post.text)
    name = STRAY_OR_NEWLINE.sub(" ", post.name)
    links = tuple(link for link in post.links if not (bad_target(link.target) or STRAY_OR_NEWLINE.search(link.target)))
    lang = post.lang if is_language(post.lang) else "und"
    return replace(post, text=text, name=name, links=links, lang=lang)
