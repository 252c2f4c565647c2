"""People use a real AT Protocol network; the program's record agrees with the network's own view."""

from __future__ import annotations

import random

import pytest

from hotpapers.store import Record
from tests.atproto import told
from tests.atproto.conftest import MakeSite
from tests.atproto.network import Counts, Network, Person, Ref
from tests.atproto.site import Site

PAPER, OTHER = "2210.03629", "hep-th/9711200"
LINK = f"https://arxiv.org/abs/{PAPER}"


@pytest.fixture
def anna(network: Network) -> Person:
    return network.person()


@pytest.fixture
def bert(network: Network) -> Person:
    return network.person()


@pytest.fixture
def cleo(network: Network) -> Person:
    return network.person()


def agrees(site: Site, posts: list[Ref]) -> dict[str, Counts]:
    """Check that the record knows as many reacting accounts as the network counts; returns the counts."""
    counted = site.network.counts([post.uri for post in posts])
    with Record(site.store) as record:
        assert {uri: told.reacted(record.view(), uri) for uri in counted} == counted
        assert told.said_twice(record) == []
    return counted


# ---- posts ---------------------------------------------------------------------------------------------


def test_posts_that_name_a_paper_come_in_and_no_others(network: Network, site_of: MakeSite, anna: Person) -> None:
    site = site_of(network)
    with site.collecting():
        linked = anna.post("Zwölf Seiten, alle gut: arxiv.org/abs/2210...", link=LINK)
        card = anna.post("Worth an evening", card=f"https://arxiv.org/pdf/{PAPER}v2")
        bare = anna.post(f"Still the best proof: arXiv:{OTHER} and arXiv:{PAPER}")
        both = anna.post("One here, one there: arxiv.org/abs/2210...", link=LINK, card=f"https://arxiv.org/abs/{OTHER}")
        none = anna.post("Nothing to read today")
    with Record(site.store) as record:
        view = record.view()
        assert told.mentions(view) == {
            linked.uri: {(PAPER, "link")},
            card.uri: {(PAPER, "embed")},
            bare.uri: {(PAPER, "text"), (OTHER, "text")},
            both.uri: {(PAPER, "link"), (OTHER, "embed")},
        }
        assert none.uri not in told.posts(view)
        [link] = told.posts(view)[linked.uri].links
        assert told.posts(view)[linked.uri].text[link.start : link.end] == "arxiv.org/abs/2210..."
        assert told.attention(view, PAPER) == (1, 0, 0)


def test_a_deleted_post_is_gone(network: Network, site_of: MakeSite, anna: Person) -> None:
    site = site_of(network)
    with site.collecting() as listening:
        kept, deleted = anna.post(f"Read arXiv:{PAPER}"), anna.post(f"Do not read arXiv:{PAPER}")
        listening.catch_up()
        anna.delete(deleted)
    with Record(site.store) as record:
        view = record.view()
        assert told.there(view) == {kept.uri}
        assert told.posts(view)[deleted.uri].gone and not told.posts(view)[deleted.uri].text


def test_an_edit_takes_a_paper_out_and_brings_one_in(
    network: Network, site_of: MakeSite, anna: Person, bert: Person
) -> None:
    site = site_of(network)
    with site.collecting() as listening:
        first, second = anna.post("See arxiv.org/abs/2210...", link=LINK), bert.post("See nothing")
        listening.catch_up()
        with Record(site.store) as record:
            assert told.attention(record.view(), PAPER) == (1, 0, 0)
            assert second.uri not in told.posts(record.view())
        anna.edit(first, "I take it back")
        anna.edit(first, "See it after all", link=LINK)  # immediately
        listening.catch_up()
        with Record(site.store) as record:
            assert told.attention(record.view(), PAPER) == (1, 0, 0)
            assert told.posts(record.view())[first.uri].text == "See it after all"
        anna.edit(first, "I take it back")
        bert.edit(second, "See this one", link=f"https://arxiv.org/abs/{OTHER}")
    with Record(site.store) as record:
        view = record.view()
        assert told.attention(view, PAPER) is None
        assert told.attention(view, OTHER) == (1, 0, 0)
        assert "arxiv" not in told.posts(view)[first.uri].text


# ---- reactions -----------------------------------------------------------------------------------------


def test_likes_and_reposts_stand_until_they_are_taken_back(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    with site.collecting() as listening:
        paper, silent = anna.post(f"Read arXiv:{PAPER}"), anna.post("Good morning")
        likes = [person.like(paper) for person in (anna, bert, cleo)]
        reposts = [person.repost(paper) for person in (bert, cleo)]
        bert.like(silent)
        listening.catch_up()
        assert agrees(site, [paper]) == {paper.uri: Counts(3, 2, 0, 0)}
        bert.delete(likes[1])
        cleo.delete(reposts[1])
        cleo.delete(likes[2])
        cleo.like(paper)  # again, immediately
    assert agrees(site, [paper]) == {paper.uri: Counts(2, 1, 0, 0)}
    with Record(site.store) as record:
        heard = told.attention(record.view(), PAPER)
        assert heard is not None and heard.voices == 3
        assert silent.uri not in told.posts(record.view())
    site.read_counts()
    with Record(site.store) as record:
        assert told.attention(record.view(), PAPER) == (3, 1, 2)


def test_what_is_taken_back_is_understood_after_a_restart(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    with site.collecting():
        paper = anna.post(f"Read arXiv:{PAPER}")
        likes = [person.like(paper) for person in (anna, bert, cleo)]
        repost = bert.repost(paper)
    assert agrees(site, [paper]) == {paper.uri: Counts(3, 1, 0, 0)}
    anna.delete(likes[0])  # while nobody is listening
    with site.collecting():
        bert.delete(likes[1])
        bert.delete(repost)
    assert agrees(site, [paper]) == {paper.uri: Counts(1, 0, 0, 0)}


def test_replies_and_quotes_are_reactions(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    with site.collecting() as listening:
        paper = anna.post(f"Read arXiv:{PAPER}")
        reply = bert.reply(paper, "I did")
        quote = cleo.quote(paper, "Do as she says")
        naming = bert.quote(paper, f"And arXiv:{OTHER} too")
        listening.catch_up()
        assert agrees(site, [paper]) == {paper.uri: Counts(0, 0, 1, 2)}
        bert.delete(reply)
        cleo.delete(quote)
    assert agrees(site, [paper, naming]) == {paper.uri: Counts(0, 0, 0, 1), naming.uri: Counts(0, 0, 0, 0)}
    with Record(site.store) as record:
        posts = told.posts(record.view())
        assert set(posts) == {paper.uri, naming.uri}
        assert told.bare(posts[naming.uri].quotes) == paper.uri


def test_polling_hears_posts_alone_and_reads_their_counts(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="poll")
    with site.collecting():
        paper, deleted = anna.post(f"Read arXiv:{PAPER}"), bert.post(f"Read arXiv:{PAPER}")
        like = bert.like(paper)
        cleo.like(paper)
        cleo.repost(paper)
        bert.reply(paper, "I did")
        cleo.quote(paper, "Do as she says")
    bert.delete(like)
    bert.delete(deleted)  # while nobody is listening: only the view knows
    counted = network.counts([paper.uri, deleted.uri])
    site.read_counts()
    assert counted == {paper.uri: Counts(1, 1, 1, 1)}
    with Record(site.store) as record:
        view = record.view()
        assert {uri: told.snapshot(view, uri) for uri in told.there(view)} == counted
        assert not [key for key in told.standing(view) if key[1] in ("like", "repost")]
        assert told.handle(view, anna.did) == anna.handle
        assert told.attention(view, PAPER) == (3, 1, 1)


# ---- accounts and labels -------------------------------------------------------------------------------


def test_an_account_that_is_not_there_is_hidden_until_it_is_back(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    people = {"takendown": anna, "suspended": bert, "deactivated": cleo}
    with site.collecting() as listening:
        posts = {status: person.post(f"Read arXiv:{PAPER}") for status, person in people.items()}
        dora = network.person()
        dora.post("Names nothing")
        listening.catch_up()
        network.take_down(anna.did)
        network.tell("account", did=bert.did, status="suspended")
        cleo.leave()
        network.take_down(dora.did)
        listening.catch_up()
        assert network.counts([post.uri for post in posts.values()]) == {}
        with Record(site.store) as record:
            for status, person in people.items():
                assert told.judged(record.view(), person.did) == ("hidden", status)
            assert told.judged(record.view(), dora.did) is None
        network.take_down(anna.did, False)
        network.tell("account", did=bert.did, status="active")
        cleo.come_back()
        listening.catch_up()
        cleo.leave()  # and back again immediately
        cleo.come_back()
    assert set(network.counts([post.uri for post in posts.values()])) == {post.uri for post in posts.values()}
    with Record(site.store) as record:
        assert {told.judged(record.view(), person.did) for person in people.values()} == {("shown", "active")}
        assert told.there(record.view()) == {post.uri for post in posts.values()}


def test_a_deleted_account_is_hidden_and_its_posts_are_found_gone(
    network: Network, site_of: MakeSite, anna: Person, bert: Person
) -> None:
    site = site_of(network)
    with site.collecting() as listening:
        deleted, kept = anna.post(f"Read arXiv:{PAPER}"), bert.post(f"Read arXiv:{PAPER}")
        listening.catch_up()
        network.delete_account(anna.did)
    assert set(network.counts([deleted.uri, kept.uri])) == {kept.uri}
    site.read_counts()
    with Record(site.store) as record:
        assert told.judged(record.view(), anna.did) == ("hidden", "deleted")
        assert told.there(record.view()) == {kept.uri}


def test_labels_that_the_moderators_give_keep_a_post_from_being_quoted(
    network: Network, site_of: MakeSite, anna: Person, bert: Person
) -> None:
    site = site_of(network)
    with site.collecting():
        labelled, by_account = anna.post(f"Read arXiv:{PAPER}"), bert.post(f"Read arXiv:{PAPER}")
    network.tell("label", subject=labelled.uri, values=["porn", "rude"])
    network.tell("label", subject=bert.did, values=["spam"])
    site.read_counts()
    with Record(site.store) as record:
        posts = told.posts(record.view())
        assert (posts[labelled.uri].limits, posts[by_account.uri].limits) == (("porn",), ("spam",))
    network.tell("label", subject=labelled.uri, removed=["porn"])
    site.read_counts()
    with Record(site.store) as record:
        assert told.posts(record.view())[labelled.uri].limits == ()


# ---- all at once ---------------------------------------------------------------------------------------


class Play:
    """Some people react at random to each other's posts."""

    def __init__(self, network: Network, people: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.people = [network.person() for _ in range(people)]
        self.posts: list[tuple[Person, Ref]] = []
        self.reactions: dict[tuple[str, str, str], tuple[Person, Ref]] = {}

    def acts(self, times: int) -> None:
        """Perform this many acts."""
        for _ in range(times):
            act = self.chance.choices((self.speak, self.react, self.take_back, self.delete), (4, 12, 5, 1))[0]
            act()

    def speak(self) -> None:
        """Somebody writes a post that names one or two of a few papers."""
        person = self.chance.choice(self.people)
        named = " and ".join(
            f"arXiv:2001.0000{self.chance.randrange(1, 6)}" for _ in range(self.chance.choice((1, 1, 2)))
        )
        self.posts.append((person, person.post(f"Read {named}")))

    def react(self) -> None:
        """Somebody reacts to a post in a way they have not yet reacted to it."""
        if not self.posts:
            return
        person, kind = self.chance.choice(self.people), self.chance.choice(("like", "repost", "reply", "quote"))
        _, post = self.chance.choice(self.posts)
        if (person.did, post.uri, kind) not in self.reactions:
            self.reactions[person.did, post.uri, kind] = (person, self._reaction(person, post, kind))

    def _reaction(self, person: Person, post: Ref, kind: str) -> Ref:
        if kind == "reply":
            return person.reply(post, "I see")
        if kind == "quote":
            return person.quote(post, "Look")
        return person.like(post) if kind == "like" else person.repost(post)

    def take_back(self) -> None:
        """Somebody withdraws a reaction."""
        if self.reactions:
            person, record = self.reactions.pop(self.chance.choice(list(self.reactions)))
            person.delete(record)

    def delete(self) -> None:
        """Somebody deletes a post."""
        if self.posts:
            person, post = self.posts.pop(self.chance.randrange(len(self.posts)))
            person.delete(post)


def test_a_long_play_with_breaks_ends_in_agreement(network: Network, site_of: MakeSite) -> None:
    """The program is stopped and restarted several times, and misses nothing from the time between."""
    play, site = Play(network, people=6, seed=20_260_102), site_of(network, mode="stream")
    with site.collecting():
        pass
    for _ in range(4):
        play.acts(40)
        with site.collecting():
            play.acts(40)
    posts = [post for _, post in play.posts]
    counted = agrees(site, posts)
    assert set(counted) == {post.uri for post in posts} and sum(map(sum, counted.values())) > 50
    with Record(site.store) as record:
        assert told.there(record.view()) == set(counted)
    site.read_counts()
    with Record(site.store) as record:
        assert {uri: told.snapshot(record.view(), uri) for uri in counted} == counted
