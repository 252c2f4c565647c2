"""People use a real AT Protocol network; the program's record agrees with the network's own view."""

from __future__ import annotations

import random

import pytest

from hotpapers.record import Record
from tests.atproto import record_queries
from tests.atproto.conftest import MakeSite
from tests.atproto.network import Counts, Network, Person, Ref
from tests.atproto.site import Site

PAPER, OTHER_PAPER = "2210.03629", "hep-th/9711200"
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


def check_counts(site: Site, posts: list[Ref]) -> dict[str, Counts]:
    """Check that the record knows as many reacting accounts as the network counts; returns the counts."""
    counts = site.network.counts([post.uri for post in posts])
    with Record(site.store) as record:
        assert {uri: record_queries.counts_of(record.view(), uri) for uri in counts} == counts
        assert record_queries.repeated_observations(record) == []
    return counts


# ---- posts ---------------------------------------------------------------------------------------------


def test_posts_that_name_a_paper_come_in_and_no_others(network: Network, site_of: MakeSite, anna: Person) -> None:
    site = site_of(network)
    with site.collecting():
        link_post = anna.post("Zwölf Seiten, alle gut: arxiv.org/abs/2210...", link=LINK)
        card_post = anna.post("Worth an evening", card=f"https://arxiv.org/pdf/{PAPER}v2")
        text_post = anna.post(f"Still the best proof: arXiv:{OTHER_PAPER} and arXiv:{PAPER}")
        mixed_post = anna.post(
            "One here, one there: arxiv.org/abs/2210...", link=LINK, card=f"https://arxiv.org/abs/{OTHER_PAPER}"
        )
        other_post = anna.post("Nothing to read today")
    with Record(site.store) as record:
        view = record.view()
        assert record_queries.mentions(view) == {
            link_post.uri: {(PAPER, "link")},
            card_post.uri: {(PAPER, "embed")},
            text_post.uri: {(PAPER, "text"), (OTHER_PAPER, "text")},
            mixed_post.uri: {(PAPER, "link"), (OTHER_PAPER, "embed")},
        }
        assert other_post.uri not in record_queries.posts(view)
        [link] = record_queries.posts(view)[link_post.uri].links
        assert record_queries.posts(view)[link_post.uri].text[link.start : link.end] == "arxiv.org/abs/2210..."
        assert record_queries.attention(view, PAPER) == (1, 0, 0)


def test_a_deleted_post_is_gone(network: Network, site_of: MakeSite, anna: Person) -> None:
    site = site_of(network)
    with site.collecting() as collector:
        other_post, post = anna.post(f"Read arXiv:{PAPER}"), anna.post(f"Do not read arXiv:{PAPER}")
        collector.catch_up()
        anna.delete(post)
    with Record(site.store) as record:
        view = record.view()
        assert record_queries.existing_posts(view) == {other_post.uri}
        assert record_queries.posts(view)[post.uri].gone and not record_queries.posts(view)[post.uri].text


def test_an_edit_takes_a_paper_out_and_brings_one_in(
    network: Network, site_of: MakeSite, anna: Person, bert: Person
) -> None:
    site = site_of(network)
    with site.collecting() as collector:
        anna_post, bert_post = anna.post("See arxiv.org/abs/2210...", link=LINK), bert.post("See nothing")
        collector.catch_up()
        with Record(site.store) as record:
            assert record_queries.attention(record.view(), PAPER) == (1, 0, 0)
            assert bert_post.uri not in record_queries.posts(record.view())
        anna.edit(anna_post, "I take it back")
        anna.edit(anna_post, "See it after all", link=LINK)  # immediately
        collector.catch_up()
        with Record(site.store) as record:
            assert record_queries.attention(record.view(), PAPER) == (1, 0, 0)
            assert record_queries.posts(record.view())[anna_post.uri].text == "See it after all"
        anna.edit(anna_post, "I take it back")
        bert.edit(bert_post, "See this one", link=f"https://arxiv.org/abs/{OTHER_PAPER}")
    with Record(site.store) as record:
        view = record.view()
        assert record_queries.attention(view, PAPER) is None
        assert record_queries.attention(view, OTHER_PAPER) == (1, 0, 0)
        assert "arxiv" not in record_queries.posts(view)[anna_post.uri].text


# ---- reactions -----------------------------------------------------------------------------------------


def test_likes_and_reposts_stand_until_they_are_taken_back(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    with site.collecting() as collector:
        post, other_post = anna.post(f"Read arXiv:{PAPER}"), anna.post("Good morning")
        likes = [person.like(post) for person in (anna, bert, cleo)]
        reposts = [person.repost(post) for person in (bert, cleo)]
        bert.like(other_post)
        collector.catch_up()
        assert check_counts(site, [post]) == {post.uri: Counts(3, 2, 0, 0)}
        bert.delete(likes[1])
        cleo.delete(reposts[1])
        cleo.delete(likes[2])
        cleo.like(post)  # again, immediately
    assert check_counts(site, [post]) == {post.uri: Counts(2, 1, 0, 0)}
    with Record(site.store) as record:
        attention = record_queries.attention(record.view(), PAPER)
        assert attention is not None and attention.voices == 3
        assert other_post.uri not in record_queries.posts(record.view())
    site.read_counts()
    with Record(site.store) as record:
        assert record_queries.attention(record.view(), PAPER) == (3, 1, 2)


def test_what_is_taken_back_is_understood_after_a_restart(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    with site.collecting():
        post = anna.post(f"Read arXiv:{PAPER}")
        likes = [person.like(post) for person in (anna, bert, cleo)]
        repost = bert.repost(post)
    assert check_counts(site, [post]) == {post.uri: Counts(3, 1, 0, 0)}
    anna.delete(likes[0])  # while nobody is listening
    with site.collecting():
        bert.delete(likes[1])
        bert.delete(repost)
    assert check_counts(site, [post]) == {post.uri: Counts(1, 0, 0, 0)}


def test_replies_and_quotes_are_reactions(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    with site.collecting() as collector:
        post = anna.post(f"Read arXiv:{PAPER}")
        reply = bert.reply(post, "I did")
        quote = cleo.quote(post, "Do as she says")
        second_post = bert.quote(post, f"And arXiv:{OTHER_PAPER} too")
        collector.catch_up()
        assert check_counts(site, [post]) == {post.uri: Counts(0, 0, 1, 2)}
        bert.delete(reply)
        cleo.delete(quote)
    assert check_counts(site, [post, second_post]) == {
        post.uri: Counts(0, 0, 0, 1),
        second_post.uri: Counts(0, 0, 0, 0),
    }
    with Record(site.store) as record:
        posts = record_queries.posts(record.view())
        assert set(posts) == {post.uri, second_post.uri}
        assert record_queries.network_id(posts[second_post.uri].quotes) == post.uri


def test_polling_hears_posts_alone_and_reads_their_counts(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="poll")
    with site.collecting():
        post, other_post = anna.post(f"Read arXiv:{PAPER}"), bert.post(f"Read arXiv:{PAPER}")
        like = bert.like(post)
        cleo.like(post)
        cleo.repost(post)
        bert.reply(post, "I did")
        cleo.quote(post, "Do as she says")
    bert.delete(like)
    bert.delete(other_post)  # while nobody is listening: only the view knows
    counts = network.counts([post.uri, other_post.uri])
    site.read_counts()
    assert counts == {post.uri: Counts(1, 1, 1, 1)}
    with Record(site.store) as record:
        view = record.view()
        assert {uri: record_queries.snapshot(view, uri) for uri in record_queries.existing_posts(view)} == counts
        assert not [key for key in record_queries.reaction_counts(view) if key[1] in ("like", "repost")]
        assert record_queries.handle(view, anna.did) == anna.handle
        assert record_queries.attention(view, PAPER) == (3, 1, 1)


# ---- accounts and labels -------------------------------------------------------------------------------


def test_an_account_that_is_not_there_is_hidden_until_it_is_back(
    network: Network, site_of: MakeSite, anna: Person, bert: Person, cleo: Person
) -> None:
    site = site_of(network, mode="stream")
    people = {"takendown": anna, "suspended": bert, "deactivated": cleo}
    with site.collecting() as collector:
        posts = {status: person.post(f"Read arXiv:{PAPER}") for status, person in people.items()}
        dora = network.person()
        dora.post("Names nothing")
        collector.catch_up()
        network.take_down(anna.did)
        network.tell("account", did=bert.did, status="suspended")
        cleo.deactivate()
        network.take_down(dora.did)
        collector.catch_up()
        assert network.counts([post.uri for post in posts.values()]) == {}
        with Record(site.store) as record:
            for status, person in people.items():
                assert record_queries.judgement(record.view(), person.did) == ("hidden", status)
            assert record_queries.judgement(record.view(), dora.did) is None
        network.take_down(anna.did, False)
        network.tell("account", did=bert.did, status="active")
        cleo.reactivate()
        collector.catch_up()
        cleo.deactivate()  # and back again immediately
        cleo.reactivate()
    assert set(network.counts([post.uri for post in posts.values()])) == {post.uri for post in posts.values()}
    with Record(site.store) as record:
        assert {record_queries.judgement(record.view(), person.did) for person in people.values()} == {
            ("shown", "active")
        }
        assert record_queries.existing_posts(record.view()) == {post.uri for post in posts.values()}


def test_a_deleted_account_is_hidden_and_its_posts_are_found_gone(
    network: Network, site_of: MakeSite, anna: Person, bert: Person
) -> None:
    site = site_of(network)
    with site.collecting() as collector:
        anna_post, bert_post = anna.post(f"Read arXiv:{PAPER}"), bert.post(f"Read arXiv:{PAPER}")
        collector.catch_up()
        network.delete_account(anna.did)
    assert set(network.counts([anna_post.uri, bert_post.uri])) == {bert_post.uri}
    site.read_counts()
    with Record(site.store) as record:
        assert record_queries.judgement(record.view(), anna.did) == ("hidden", "deleted")
        assert record_queries.existing_posts(record.view()) == {bert_post.uri}


def test_labels_that_the_moderators_give_keep_a_post_from_being_quoted(
    network: Network, site_of: MakeSite, anna: Person, bert: Person
) -> None:
    site = site_of(network)
    with site.collecting():
        anna_post, bert_post = anna.post(f"Read arXiv:{PAPER}"), bert.post(f"Read arXiv:{PAPER}")
    network.tell("label", subject=anna_post.uri, values=["porn", "rude"])
    network.tell("label", subject=bert.did, values=["spam"])
    site.read_counts()
    with Record(site.store) as record:
        posts = record_queries.posts(record.view())
        assert (posts[anna_post.uri].limits, posts[bert_post.uri].limits) == (("porn",), ("spam",))
    network.tell("label", subject=anna_post.uri, removed=["porn"])
    site.read_counts()
    with Record(site.store) as record:
        assert record_queries.posts(record.view())[anna_post.uri].limits == ()


# ---- all at once ---------------------------------------------------------------------------------------


class Crowd:
    """Some people who react at random to each other's posts."""

    def __init__(self, network: Network, people: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.people = [network.person() for _ in range(people)]
        self.posts: list[tuple[Person, Ref]] = []
        self.reactions: dict[tuple[str, str, str], tuple[Person, Ref]] = {}

    def act(self, times: int) -> None:
        """Perform this many random actions."""
        for _ in range(times):
            actions = (self.write_post, self.react, self.withdraw, self.delete_post)
            self.random.choices(actions, (4, 12, 5, 1))[0]()

    def write_post(self) -> None:
        """Somebody writes a post that names one or two of a few papers."""
        person = self.random.choice(self.people)
        names = " and ".join(
            f"arXiv:2001.0000{self.random.randrange(1, 6)}" for _ in range(self.random.choice((1, 1, 2)))
        )
        self.posts.append((person, person.post(f"Read {names}")))

    def react(self) -> None:
        """Somebody reacts to a post in a way they have not yet reacted to it."""
        if not self.posts:
            return
        person, kind = self.random.choice(self.people), self.random.choice(("like", "repost", "reply", "quote"))
        _, post = self.random.choice(self.posts)
        if (person.did, post.uri, kind) not in self.reactions:
            self.reactions[person.did, post.uri, kind] = (person, self._reaction(person, post, kind))

    def _reaction(self, person: Person, post: Ref, kind: str) -> Ref:
        if kind == "reply":
            return person.reply(post, "I see")
        if kind == "quote":
            return person.quote(post, "Look")
        return person.like(post) if kind == "like" else person.repost(post)

    def withdraw(self) -> None:
        """Somebody withdraws a reaction."""
        if self.reactions:
            person, record = self.reactions.pop(self.random.choice(list(self.reactions)))
            person.delete(record)

    def delete_post(self) -> None:
        """Somebody deletes a post."""
        if self.posts:
            person, post = self.posts.pop(self.random.randrange(len(self.posts)))
            person.delete(post)


def test_a_long_play_with_breaks_ends_in_agreement(network: Network, site_of: MakeSite) -> None:
    """The program is stopped and restarted several times, and misses nothing from the time between."""
    crowd, site = Crowd(network, people=6, seed=20_260_102), site_of(network, mode="stream")
    with site.collecting():
        pass
    for _ in range(4):
        crowd.act(40)
        with site.collecting():
            crowd.act(40)
    posts = [post for _, post in crowd.posts]
    counts = check_counts(site, posts)
    assert set(counts) == {post.uri for post in posts} and sum(map(sum, counts.values())) > 50
    with Record(site.store) as record:
        assert record_queries.existing_posts(record.view()) == set(counts)
    site.read_counts()
    with Record(site.store) as record:
        assert {uri: record_queries.snapshot(record.view(), uri) for uri in counts} == counts
