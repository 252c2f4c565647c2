"""Stock words for announcing and praising papers: a post with nothing else says nothing of its own. And phrases of
advertisements.

They are part of the rule `quotes/1` and must not change: another list is another rule (`issues.quotations`). `make
docs` writes them to docs/reference/quotes-1.json.
"""

from __future__ import annotations

import re

from hotpapers.base.papers.mentions.own_words import to_words

_ENGLISH = """
a about abs abstract accepted al all an and are article articles arxiv at author authors available below by camera check
cite code conference cs day details discussion dr draft et feedback find first for from full github go great here hot
https i in is it its journal just latest link links live look me more my new news now of on online oral our out paper
papers part pdf please posted poster preprint preprints present presenting project proud publication published read
reading ready released research see share sharing social stat study submission submitted team thanks that the their
these this thread time title tl tldr to today together trending up update updated version via video was we week with
work would you your
amazing awesome beautiful brilliant congrats congratulations cool enjoy excellent excited exciting fantastic fascinating
fun happy impressive incredible insane interesting love lovely must nice really so super thrilled very well wonderful
worth wow yes
"""
_OTHERS = """
artikel aufsatz arbeit das der die ein eine heute im ist jetzt mit neu neue neuer neues schön sehr spannend studie toll
und unser unsere veröffentlicht von
article articles aujourd avec dans de des disponible du en est et hui intéressant la le les ligne nos notre nouveau
nouvel nouvelle publié sur très un une vient voici
artículo con disponible el estudio excelente genial ha hemos hoy interesante los muy nuestro nuestra nueva nuevo para
por publicado sido trabajo una
articolo bello del di e il interessante molto nostro nuovo oggi pubblicato
artigo com do hoje muito nosso nossa nova novo no os o publicamos trabalho
een erg het interessant mooi nieuw nieuwe ons onze op vandaag van
"""
_RUN_TOGETHER = """
新しい 新着 論文 公開されました 公開しました 公開 出ました 投稿しました 投稿 されました しました です ました こちら
から まとめ 面白い すごい
新论文 论文 最新 发布 發布 我们的 我們的 我们 我們 新 文章 链接 摘要 标题 很有意思 有趣
"""

WORDS = frozenset(to_words(_ENGLISH + _OTHERS))
"""For languages that separate words with spaces."""
SIGN_WORDS = sorted(set(to_words(_RUN_TOGETHER)), key=lambda word: (-len(word), word))
SIGNS = re.compile("|".join(SIGN_WORDS))
"""For Japanese and Chinese; longer ones first."""
RUN_ON = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""The ranges of characters of scripts without spaces between words."""
ADVERTISING = tuple(
    """subscribe,newsletter,giveaway,promo code,promocode,discount,% off,sign up,link in bio,follow me,follow us,dm me
dm us,join our,join my,free trial,limited time,airdrop,whitelist,buy now,order now,essay help,essay writing
write your essay,write your paper,write your thesis,click here,click the link,earn money,our course,our bootcamp
our webinar""".replace("\n", ",").split(",")
)
"""A text with one of these phrases, as whole words in any case, is an advertisement."""
