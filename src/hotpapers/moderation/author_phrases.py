"""Phrases by which people say that a paper is theirs, by language, and phrases near them that change the meaning.

All lowercase and without accents, as `author_words` compares them.
"""

from __future__ import annotations

import re
from re import Pattern
from typing import NamedTuple


class PossessiveWords(NamedTuple):
    """How one language says *our paper*.

    `owners`: words for *my* and *our*. `nouns`: words for a paper; `vague`: words that may mean something else, and
    need more evidence. `between`: words that may come before these and suggest that it is one's own; `breakers`: words
    that end what *our* refers to. `spoiled_before`, `spoiled_after`: phrases that make it another paper, or no paper.
    """

    owners: frozenset[str]
    nouns: frozenset[str]
    vague: frozenset[str]
    between: frozenset[str]
    breakers: frozenset[str]
    spoiled_before: Pattern[str]
    spoiled_after: Pattern[str]


def _language(
    owners: str, nouns: str, vague: str, between: str, breakers: str, *, before: str, after: str
) -> PossessiveWords:
    """Words are separated by spaces, alternatives by lines."""
    ends, begins = ("|".join(line.strip() for line in text.strip().splitlines()) for text in (before, after))
    return PossessiveWords(
        owners=frozenset(owners.split()),
        nouns=frozenset(nouns.split()),
        vague=frozenset(vague.split()),
        between=frozenset(between.split()),
        breakers=frozenset(breakers.split()),
        spoiled_before=re.compile(rf"(?:^|\s)(?:{ends})$"),
        spoiled_after=re.compile(rf"(?:{begins})(?:\s|$)"),
    )


_ENGLISH = _language(
    "my our",
    "paper papers preprint preprints pre-print pre-prints manuscript thesis dissertation poster survey",
    "work works study studies article articles report findings results",
    """new newest latest recent first second third last joint own short long little big brand brand-new newly published
    accepted updated revised final finished arxiv oral spotlight workshop conference journal position review theory
    award-winning lab's group's team's student's phd master's collaborative co-authored technical tech interdisciplinary
    humble upcoming forthcoming""",
    """of on in to for from with about the this that these those their his her its a an is are was were be may and or
    but says favorite favourite fav favorites favourites colleague colleagues friend friends reading read daily weekly
    today's week's next summary review's notes take thoughts view opinion list blog bot feed newsletter top pick picks
    related previous earlier older""",
    before=r"""
        (?:re|mis)?(?:cit|quot)(?:e|es|ed|ing)(?: both)?
        extend\w*
        buil(?:d|ds|t|ding)(?: up)? ?on(?: top of)?
        based on
        (?:closely )?relat(?:ed|es|ing) to
        similar to
        compar\w+ (?:to|with|against)
        beat(?:s|ing)?|outperform\w*|scoop\w*|contradict\w*|confirm\w*|replicat\w*|reproduc\w*|adopt\w*|critici\w+
        inspir(?:ed|es) (?:by)?
        reminds? me of
        like|unlike|than|as(?: in)?|in line with
        us(?:e|es|ed|ing)|supports?|complements?|change
        follow(?:s|ing)? up on
        improv\w+ (?:up)?on
        generali[sz]\w+
        (?:extension|continuation|generali[sz]ation|improvement|follow-?up|sequel|alternative)s? (?:of|to|on|with)
        (?:response|reply|rebuttal|successor|complement|connection|relation)s? (?:of|to|on|with)
        (?:this|that|the|their) (?:paper|work|preprint|study|article) (?:\w+ )?(?:in|for|to)
        (?:re)?writ(?:e|ing)|finish(?:ing)?|working on|revis(?:e|ing)|edit(?:ing)?
        (?:useful|helpful|relevant|perfect|great|good) (?:for|to)
        thanks for (?:reading|citing|sharing)
        not(?: in)?|\w+n't
        wish(?: (?:it|this|that) (?:was|were))?|if only
    """,
    after=r"""
        club|list|lists|reading|of the|summary|summaries|review|reviews|notes?|digest|bot|feed|recommendations?
        repository|collection|database|tracker|channel|archive|series|roundup|round-up|newsletter|alerts?|queue|pile
        stack|folder|backlog|library|meeting|seminar|discussions?|budget|picks?|group|session|life|hours|place|day|week
        journal club|explained|walkthrough|s
        (?:about|on) (?:this|the|a|their) (?:new )?(?:paper|study|work|preprint|research)
    """,
)
_GERMAN = _language(
    "mein meine meinem meinen meiner meines unser unsere unserem unseren unserer unseres",
    "paper papers preprint preprints manuskript dissertation doktorarbeit publikation veroffentlichung studie",
    "arbeit arbeiten artikel aufsatz beitrag",
    """neu neue neuer neues neuen neuem neueste neuestes neuester neuesten erste erstes erster ersten aktuelle aktuelles
    aktueller aktuellen gemeinsame gemeinsames gemeinsamer gemeinsamen frisch letzte letztes kleine kleines""",
    """der die das des dem den ein eine zu zur zum uber von fur mit in an auf und ist war wird kollegen kollegin freund
    lieblingspaper zusammenfassung""",
    before=r"kein|nicht|ahnlich wie|baut auf|zitier\w*|als|wie",
    after="des tages|der woche|des jahres|liste|gruppe|club",
)
_FRENCH = _language(
    "mon ma mes notre nos",
    "preprint preprints prepublication papier papiers article articles these manuscrit publication publications",
    "travail travaux etude etudes recherche",
    """nouveau nouvel nouvelle nouveaux nouvelles dernier derniere derniers premier premiere recent recente recents
    petit petite tout toute""",
    "de du des d la le les l un une sur a au aux et est en pour avec resume lecture ami amie collegue",
    before=r"pas|cite\w*|comme|que",
    after=r"prefere\w*|favori\w*|de la semaine|du jour|du mois|de l'annee|de chevet",
)
_SPANISH = _language(
    "mi mis nuestro nuestra nuestros nuestras",
    "paper papers preprint preprints articulo articulos manuscrito tesis publicacion publicaciones estudio",
    "trabajo trabajos investigacion",
    "nuevo nueva nuevos nuevas ultimo ultima ultimos primer primera primeros reciente recientes pequeno mas",
    "de del la el los las un una sobre en a y es para con resumen lectura amigo amiga colega",
    before=r"no|no es|cita\w*|como|que",
    after=r"favorit\w*|de la semana|del dia|del mes|del ano",
)
_PORTUGUESE = _language(
    "meu minha meus minhas nosso nossa nossos nossas",
    "paper papers preprint preprints artigo artigos manuscrito tese publicacao estudo",
    "trabalho trabalhos pesquisa",
    "novo nova novos novas ultimo ultima primeiro primeira recente recentes mais",
    "de do da dos das o a os as um uma sobre em e para com resumo leitura amigo amiga colega",
    before=r"nao|nao e|cita\w*|como|que",
    after=r"favorit\w*|preferid\w*|da semana|do dia|do ano",
)
_ITALIAN = _language(
    "mio mia miei mie nostro nostra nostri nostre",
    "paper papers preprint preprints articolo articoli manoscritto tesi pubblicazione studio",
    "lavoro lavori ricerca",
    "nuovo nuova nuovi nuove ultimo ultima ultimi primo prima recente recenti piu nuovissimo",
    "di del della dei delle il la lo i gli le un una su sul in e per con riassunto lettura amico amica collega",
    before=r"non|non e|cita\w*|come|che",
    after=r"preferit\w*|della settimana|del giorno|dell'anno",
)
LANGUAGES = (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN)

FOLLOWED = re.compile(
    r"(?:on|about|with|at|accepted|was|is|has|have|shows?|got|will|appear\w*|led|where|published|studying|exploring"
    r"|finds?|found|turned|reveals?|suggests?|demonstrates?|studies|looks?|examines?|proves?|proved|explains?"
    r"|establishes|introduc\w+|propos\w+|we"
    r"|sobre|mas|con|en|sur|avec|est|zu|uber|mit|ist|auf|erschienen|da|sulle?|sui|su|e)(?:\s|$)"
)
"""What follows *our work* if that is a paper, and news of one's own."""
SHARED = re.compile(
    r"(?:^|\s)(?:shar(?:e|ing)|present(?:ing)?|announc(?:e|ing)|introduc(?:e|ing)|releas(?:e|ing)|proud of"
    r"|check(?: out)?|this is|here is|here's|read|see|highlight(?:ing)?|discuss(?:ing)?|summary of|thread on"
    r"|tweet(?:print)? (?:on|of)|in|partager|presenter|annoncer|compartir|presentar|anunciar|compartilhar|apresentar"
    r"|condividere|presentare)$"
)
"""What comes before *our work* in that case."""
_BEGINNINGS = """
    so and but now finally today hey wow yay just out ok well also psa hooray btw plug then oh hi hello yes
    und jetzt endlich heute et enfin aujourd'hui y por fin ahora e finalmente ecco ora oggi il la
"""
BEGINNINGS = frozenset(_BEGINNINGS.split())
"""Words that may begin a sentence before its subject: *finally our paper*."""

# ---- other phrases ---------------------------------------------------------------------------------------

_NO_PAPER = r"about|of|on|for|from|in|the|this|that|blog|review|summary|video|thread|news|favou?rite|fav"
_NEW = rf"(?:(?!(?:{_NO_PAPER})\b)[\w'-]+ ){{0,4}}?"
_PAPER = (
    r"(?:paper|preprint|pre-print|manuscript|article|tech(?:nical)? report|survey|arxiv)s?\b"
    r"(?! (?:review|summary|list|club))"
)
_JUST = r"(?: (?:just|finally|also|recently|now|today|actually|have|even|only))*"
_WROTE = r"wrote|written|co-?authored|authored|published"
_NOT_IT = (
    r"(?!(?:\w+ ){0,3}(?:thoughts?|notes?|slides?|summary|summaries|review|blog|blogpost|post|talk|video|newsletter"
    r"|favou?rites?|take|list|colleagues?|friends?|podcast|interview|website|channel|discussion|reading|picks?|digest)\b)"
)
_WROTE_IT = (
    rf"\b(?:we|i)(?:'ve)?{_JUST} (?:{_WROTE}|posted|uploaded|released|submitted|updated|put(?: out| up| online)?)"
    rf" (?:a|an|our|my|another) {_NEW}{_PAPER}",
    rf"\b(?:we|i)(?:'ve| have)(?: got)? (?:a|an|another) (?:brand[- ])?(?:new|fresh) {_NEW}{_PAPER}(?! to read)",
    rf"\b{_PAPER} (?:that |which )?(?:i|we)(?:'ve)?{_JUST} (?:{_WROTE})\b",
    rf"\bour (?:team|group|lab)(?: has)?{_JUST} (?:published|posted|uploaded|released) (?:a|an) {_NEW}{_PAPER}",
)
_WITH_OTHERS = (
    r"\b(?:new|recent|latest) (?:arxiv )?(?:paper|preprint|pre-print|work|article)(?! (?:from|by|led))(?: \w+){0,3}"
    r" (?:with|w/|w|along with) ?(?:the \w+ |my \w+ )?@",
    r"\b(?:paper|preprint|pre-print|work|article|study)(?: \w+){0,3} (?:with|w/) my (?:\w+ ){0,3}"
    r"(?:student|advisor|adviser|supervisor|collaborator|colleague|co-?author|postdoc)s?\b",
    r"\b(?:my|our) (?:\w+ ){0,3}co-?authors?\b|^\W*co-?authors?:? @",
    r"\b(?:paper|preprint|work|article|study) (?:from|by) (?:our|my) (?:lab|group|team)\b",
    r"\b(?:joint|collaborative) work (?:with|w/|between)\b",
    r"^\W*(?:joint )?work (?:with|w/|w) ?@",
)
_GLAD_TO_SHARE = (
    rf"\b(?:to|will|we|i|i'm|we're|we are|i am)(?: be)?{_JUST} (?:share|sharing|announce|announcing|introduce"
    rf"|introducing|present|presenting|release|releasing|unveil)(?: that)? (?:you )?(?:our|my) {_NOT_IT}",
    rf"(?:^|\b(?:check|try) out |\bcheck )(?:introducing |announcing |presenting |sharing )?(?:our|my) (?:brand )?"
    rf"(?:new|latest|recent) {_NOT_IT}",
    rf"\b(?:announc|introduc|present|releas|shar)(?:e|ing) [^.!?]{{1,60}}, (?:our|my) (?:brand )?(?:new|latest)"
    rf" {_NOT_IT}",
    r"^\W*our latest(?:\W*$|,| with\b| on\b| led\b| is\b)",
)
_AUTHOR_HERE = (
    r"(?:^|[,.!])\W*(?:first |lead |co-?|senior |one of the )*authors? here\b",
    r"\b(?:i'm|i am|we're|we are)(?: one of| two of| the| an?| proud| first| lead| senior| last| main| joint)*"
    r" (?:co-?)?authors?\b",
)
_FURTHER = (
    r"\b(?:wir haben|ich habe|haben wir|habe ich) (?:[\w-]+ ){0,3}(?:paper|preprint|artikel|studie|arbeit)"
    r" (?:[\w-]+ ){0,4}(?:veroffentlicht|geschrieben|hochgeladen|eingereicht)\b",
    r"\b(?:nous avons|j'ai|on a) (?:\w+ )?(?:publie|ecrit|soumis|depose) (?:un|une|notre|mon) (?:\w+ ){0,2}"
    r"(?:article|papier|preprint|prepublication|etude)\b",
    r"\b(?:hemos|he|acabamos de|acabo de) (?:publicado|escrito|subido|publicar|subir|escribir) (?:un|una|nuestro|mi)"
    r" (?:\w+ ){0,2}(?:articulo|paper|preprint|trabajo|estudio)\b",
)
STATEMENTS = tuple(map(re.compile, (*_WROTE_IT, *_WITH_OTHERS, *_GLAD_TO_SHARE, *_AUTHOR_HERE, *_FURTHER)))
"""For languages that separate words by spaces."""

_WE_JA = (
    "(?:私(?:たち|達|ども|共)?|僕(?:たち|達|ら)?|我々|われわれ|わたしたち|自分(?:たち)?|弊社|弊研究室|弊ラボ|当研究室|当社|当チーム"
    "|うち|うちの(?:研究室|ラボ|チーム))"
)
_WE_ZH = "(?:我们|我們|我|咱们|本人|本课题组|课题组)(?:组|組|团队|團隊|实验室|實驗室|课题组|課題組)?"
WITHOUT_BLANKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_WE_JA}の(?!.{{0,4}}(?:好き|お気に入り|推し|友人|同僚))[^をがはのに、]{{0,8}}の?[^をがはのに、]{{0,4}}"
        r"(?:論文|プレプリント|サーベイ|研究(?=成果|論文|が|を))(?!メモ|紹介|まとめ|リスト|読み|会)",
        r"(?:論文|プレプリント)を[^、読]{0,12}(?:書きました|書いた|執筆しました|投稿しました|公開しました|出しました|上げました"
        r"|掲載しました|アップ(?:ロード)?しました)",
        r"論文が[^、]{0,20}(?:採択|アクセプト)されました",
        r"(?:共著|拙著|拙稿|主著)の?論文",
        rf"{_WE_ZH}的(?![^,，]{{0,6}}(?:喜欢|喜歡|爱|愛|推荐|同事|朋友|阅读))[^,，的读看]{{0,8}}"
        r"(?:论文|論文|工作|文章|预印本|預印本)(?!笔记|筆記|解读|解讀|列表|清单|推荐)",
        rf"{_WE_ZH}(?:关于|關於|有关|有關)[^,，读看]{{1,20}}的(?:论文|論文|工作|文章)",
        rf"{_WE_ZH}(?:最近|最新|刚|新)的?[^,，读看]{{0,4}}(?:论文|論文|工作|文章)",
        r"(?<!\w)(?:저희|우리|제|내)\s?(?:연구실|팀|그룹)?(?:의)?\s?(?:새로운|새|최신|첫)?\s?(?:논문|프리프린트)"
        r"(?!\s?(?:읽기|리뷰|모임))",
    )
)
"""For Japanese, Chinese and Korean."""
THIRD_PERSONS = re.compile(
    r"(?:さん|氏|先生|君|くん)(?:たち)?(?:が|は|の|と)|彼らの|彼女の|彼の|他们的|他們的|이분|그들의"
)
"""Mentions of somebody else whose paper it may be."""
