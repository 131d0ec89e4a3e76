from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from warren.model.errors import InvalidInput, NotFound
from warren.playbook.inventory import ini
from warren.playbook.inventory.drafts import Draft
from warren.playbook.inventory.inventory import Inventory, freeze, local_names
from warren.playbook.inventory.patterns import select, select_limit, split

text = """
[web]
web1
web2
web3
[db]
db1
db2
[prod:children]
web
"""


def make(content: str = text) -> Inventory:
    draft = Draft()
    ini.read(draft, content, "hosts")
    return freeze(draft)


inventory = make()


@pytest.mark.parametrize(
    ("pattern", "terms"),
    [
        ("a:b", ("a", "b")),
        ("a,b:c", ("a", "b:c")),
        ("a[0:2]:!b[1]:&c", ("a[0:2]", "!b[1]", "&c")),
        ("::1", ("::1",)),
        ("2001:db8::1", ("2001:db8::1",)),
        ("web:22", ("web:22",)),
        (["a:b", "c"], ("a", "b", "c")),
        (" a , ,b ", ("a", "b")),
        ("", ()),
    ],
)
def test_pattern_splits_into_terms(pattern: str, terms: tuple[str, ...]) -> None:
    assert split(pattern) == terms


def test_limit_cuts_and_keeps_the_order_of_the_pattern() -> None:
    assert select(inventory, "web:db", limit="db1,web2").hosts == ("web2", "db1")


def test_limit_file_names_hosts_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "site.retry"
    file.write_text("# failed\nweb2\n\ndb1,web1\n")
    assert select(inventory, "all", limit=f"@{file}").hosts == ("db1", "web1", "web2")


def test_limit_of_exclusions_only_starts_from_all() -> None:
    assert select_limit(inventory, "!web") == ("db1", "db2")


def test_no_limit_is_no_limit() -> None:
    assert select_limit(inventory, "") is None


def test_unknown_term_beside_a_matching_one_is_reported() -> None:
    selection = select(inventory, "web:wbe:!nope")
    assert selection.hosts == ("web1", "web2", "web3")
    assert selection.unmatched == ("wbe", "!nope")


@pytest.mark.parametrize(
    ("pattern", "limit", "message"),
    [
        ("wbe", "", "pattern 'wbe' matches nothing\n  hint: did you mean web"),
        ("wbe:!db", "", "no host or group 'wbe'"),
        ("web", "wbe1", "limit 'wbe1' matches nothing"),
        ("web", "web1,db3", "limit 'web1,db3' matches nothing: no host or group 'db3'"),
        ("web", "db", "limit 'db' leaves no host of pattern 'web'"),
        ("web:!web", "", "pattern 'web:!web' matches nothing"),
        ("web[3]", "", "'web[3]' matches nothing: web has 3 hosts"),
        ("web[-4]", "", "use an index from -3 to 2"),
        ("", "", "pattern '' matches nothing"),
        ("zzzzzz", "", "known groups are all, ungrouped, web, db, prod"),
    ],
)
def test_pattern_that_matches_nothing_is_refused(pattern: str, limit: str, message: str) -> None:
    with pytest.raises(NotFound) as caught:
        select(inventory, pattern, limit=limit)
    assert message in str(caught.value)


def test_pattern_on_an_empty_inventory_says_so() -> None:
    with pytest.raises(NotFound, match="the inventory is empty"):
        select(make(""), "all")


@pytest.mark.parametrize("pattern", ["~(web", "~*", "~a{99999999999999999999}"])
def test_broken_expression_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput, match="no regular expression"):
        select(inventory, pattern)


def test_expression_that_python_warns_of_is_matched() -> None:
    assert select(inventory, ["~[[w]eb1"]).hosts == ("web1",)


def test_unreadable_limit_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        select(inventory, "all", limit=f"@{tmp_path}/none")
    (tmp_path / "empty").write_text("# none\n")
    with pytest.raises(InvalidInput, match="without a host"):
        select(inventory, "all", limit=f"@{tmp_path}/empty")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_names_of_this_machine_need_no_inventory(name: str) -> None:
    assert select(make(""), name).hosts == (name,)
    assert select(inventory, name).hosts == (name,)
    assert name not in select(inventory, "all").hosts


def test_name_of_this_machine_means_the_listed_one() -> None:
    assert select(make("127.0.0.1\n"), "localhost").hosts == ("127.0.0.1",)


@settings(deadline=None)
@given(strategies.text(alphabet="web123db:,!&~*?[]-0prodal. ", max_size=20))
def test_any_pattern_chooses_known_hosts_or_is_refused(pattern: str) -> None:
    try:
        hosts = select(inventory, pattern).hosts
    except (NotFound, InvalidInput):
        return
    assert hosts
    assert set(hosts) <= {*inventory.names, *local_names}
    assert len(set(hosts)) == len(hosts)
