import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from warren.model.errors import InvalidInput, NotFound, PermanentError, Place, SyntaxProblem
from warren.playbook.inventory.adjacent import Reading
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.inventory.layers import Rank, VaultText
from warren.playbook.inventory.sources import load

Make = Callable[..., Inventory]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(files: dict[str, str], reading: Reading | None = None) -> Inventory:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load([str(tmp_path / "hosts")], reading=reading)

    return build


def test_origins_name_every_place_that_sets_a_variable(make: Make, tmp_path: Path) -> None:
    inventory = make(
        {
            "hosts": "[web]\na x=host\n[web:vars]\nx=group\n",
            "group_vars/all.yml": "y: 1\nx: all\n",
            "host_vars/a.yml": "---\nx: file\n",
        }
    )
    found = [(origin.rank, origin.owner, origin.value) for origin in inventory.origins_of("a", "x")]
    assert found == [
        (Rank.FILE_GROUP, "web", "group"),
        (Rank.INVENTORY_GROUP_VARS_ALL, "all", "all"),
        (Rank.FILE_HOST, "a", "host"),
        (Rank.INVENTORY_HOST_VARS, "a", "file"),
    ]
    assert [origin.place for origin in inventory.origins_of("a", "x")] == [
        Place(str(tmp_path / "hosts"), 4, 1),
        Place(str(tmp_path / "group_vars/all.yml"), 2, 1),
        Place(str(tmp_path / "hosts"), 2, 3),
        Place(str(tmp_path / "host_vars/a.yml"), 2, 1),
    ]
    assert inventory.variables_of("a")["x"] == "file"
    assert inventory.origins_of("a", "none") == ()


def test_origin_does_not_show_its_value(make: Make) -> None:
    (origin,) = make({"hosts": "a ansible_password=hunter2\n"}).origins_of("a", "ansible_password")
    assert origin.value == "hunter2"
    assert "hunter2" not in f"{origin} {origin!r}"


def test_layers_come_weakest_first(make: Make, tmp_path: Path) -> None:
    inventory = make({"hosts": "a x=1\n[web]\na\n", "group_vars/web": "y: 1\n"})
    (tmp_path / "play/host_vars").mkdir(parents=True)
    (tmp_path / "play/host_vars/a.yml").write_text("x: 2\n")
    with_playbook = inventory.with_playbook(tmp_path / "play", Reading())
    ranks = [layer.rank for layer in with_playbook.layers_of("a")]
    assert ranks == [Rank.INVENTORY_GROUP_VARS, Rank.FILE_HOST, Rank.PLAYBOOK_HOST_VARS]
    assert with_playbook.variables_of("a") == {"x": 2, "y": 1}
    assert inventory.variables_of("a") == {"x": 1, "y": 1}
    again = with_playbook.with_playbook(tmp_path / "other", Reading())
    assert again.variables_of("a") == {"x": 1, "y": 1}


def test_variables_are_a_new_dictionary_each_time(make: Make) -> None:
    inventory = make({"hosts": "a x=1\n"})
    inventory.variables_of("a")["x"] = 2
    assert inventory.variables_of("a") == {"x": 1}


def test_magic_tells_name_groups_and_source(make: Make, tmp_path: Path) -> None:
    inventory = make({"hosts": "[web]\na.example.com\n10.0.0.1\n[top:children]\nweb\n"})
    assert inventory.magic_of("a.example.com") == {
        "inventory_hostname": "a.example.com",
        "inventory_hostname_short": "a",
        "group_names": ["top", "web"],
        "inventory_file": str(tmp_path / "hosts"),
        "inventory_dir": str(tmp_path),
    }
    assert inventory.magic_of("10.0.0.1")["inventory_hostname_short"] == "10.0.0.1"


def test_unknown_names_are_refused(make: Make) -> None:
    inventory = make({"hosts": "a\n"})
    for ask in (inventory.variables_of, inventory.groups_of, inventory.magic_of):
        with pytest.raises(NotFound, match="'b' is not in the inventory"):
            ask("b")
    with pytest.raises(NotFound, match="'b' is not in the inventory"):
        inventory.members("b")


def test_implicit_localhost_is_local_and_sees_only_all(make: Make) -> None:
    inventory = make(
        {
            "hosts": "a\n[all:vars]\nx=1\n[ungrouped:vars]\nu=1\n",
            "host_vars/localhost.yml": "h: 1\n",
        }
    )
    assert inventory.variables_of("localhost") == {
        "x": 1,
        "h": 1,
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
    }
    assert inventory.groups_of("localhost") == ()
    assert inventory.find("localhost") == "localhost"
    assert inventory.find("other") is None
    assert "localhost" not in inventory.names


def test_added_host_joins_groups_and_gets_their_files(make: Make) -> None:
    before = make(
        {
            "hosts": "[web]\na\n",
            "group_vars/web.yml": "w: 1\n",
            "group_vars/fresh.yml": "f: 1\n",
            "host_vars/b.yml": "h: 1\n",
        }
    )
    place = Place("site.yml", 3, 5)
    after = before.add_host("b:22", groups=["web", "fresh"], variables={"x": [1]}, place=place)
    assert after.names == ("a", "b")
    assert after.groups_of("b") == ("fresh", "web")
    assert after.variables_of("b") == {"w": 1, "f": 1, "h": 1, "x": [1], "ansible_port": 22}
    assert after.origins_of("b", "x")[0].place == place
    assert after.magic_of("b")["inventory_file"] is None
    assert before.names == ("a",)
    assert "fresh" not in before.group_table


def test_added_host_that_is_known_gains_variables_and_groups(make: Make) -> None:
    after = make({"hosts": "a x=1 y=1\n"}).add_host("a", groups=["new"], variables={"x": 2})
    assert after.variables_of("a") == {"x": 2, "y": 1}
    assert after.groups_of("a") == ("new",)
    assert after.names == ("a",)


def test_added_host_without_group_is_ungrouped(make: Make) -> None:
    assert make({"hosts": "a\n"}).add_host("b").groups_of("b") == ("ungrouped",)


def test_added_host_with_a_bad_name_is_refused(make: Make) -> None:
    with pytest.raises(InvalidInput, match="contains ' '"):
        make({"hosts": "a\n"}).add_host("b c")


def test_grouped_hosts_keep_their_other_groups(make: Make) -> None:
    before = make({"hosts": "[web]\na\nb\n", "group_vars/os_Debian.yml": "d: 1\n"})
    after = before.group_by({"os_Debian": ["a"], "os_Alpine": ["b"]}, parents=["os"])
    assert after.groups_of("a") == ("os", "os_Debian", "web")
    assert after.members("os") == ("a", "b")
    assert after.variables_of("a") == {"d": 1}
    assert after.variables_of("b") == {}
    assert before.groups_of("a") == ("web",)


def test_grouping_an_unknown_host_is_refused(make: Make) -> None:
    with pytest.raises(NotFound):
        make({"hosts": "a\n"}).group_by({"x": ["zz"]})


def test_grouping_that_makes_a_cycle_is_refused(make: Make) -> None:
    inventory = make({"hosts": "[a:children]\nb\n[b]\nh\n"})
    with pytest.raises(InvalidInput, match="a → b → a"):
        inventory.group_by({"a": ["h"]}, parents=["b"])


def test_encrypted_file_is_opened_when_it_is_loaded(make: Make) -> None:
    def decrypt(data: bytes) -> str:
        assert data == b"$ANSIBLE_VAULT;1.1;AES256\n00\n"
        return "secret: s3cret\n"

    files = {"hosts": "a\n", "host_vars/a.yml": "$ANSIBLE_VAULT;1.1;AES256\n00\n"}
    inventory = make(files, Reading(decrypt=decrypt))
    assert inventory.variables_of("a") == {"secret": "s3cret"}


def test_encrypted_file_that_does_not_open_is_named(make: Make) -> None:
    def decrypt(_data: bytes) -> str:
        raise PermanentError("wrong password", hint="check it")

    files = {"hosts": "a\n", "host_vars/a.yml": "$ANSIBLE_VAULT;1.1;AES256\n00\n"}
    with pytest.raises(PermanentError, match=r"host_vars/a\.yml: wrong password"):
        make(files, Reading(decrypt=decrypt))


def test_encrypted_value_stays_closed_until_used(make: Make, tmp_path: Path) -> None:
    body = "x: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n"
    inventory = make({"hosts": "a\n", "host_vars/a.yml": body})
    value = inventory.variables_of("a")["x"]
    place = Place(str(tmp_path / "host_vars/a.yml"), 1, 4)
    assert value == VaultText("$ANSIBLE_VAULT;1.1;AES256\n6162\n", place)
    assert "6162" not in repr(value)


def test_tags_are_made_as_the_caller_says(make: Make) -> None:
    reading = Reading(tags={"!vault": lambda text, _place: text.upper()})
    inventory = make({"hosts": "a\n", "host_vars/a.yml": "x: !vault abc\n"}, reading)
    assert inventory.variables_of("a") == {"x": "ABC"}


def test_file_that_is_not_utf8_is_refused_with_its_place(make: Make, tmp_path: Path) -> None:
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars/a.yml").write_bytes(b"x: 1\ny: \xff\n")
    with pytest.raises(SyntaxProblem, match=r"a\.yml:2:4: byte 0xff is not UTF-8"):
        make({"hosts": "a\n"})


def test_suspicious_things_are_warned_of(make: Make) -> None:
    inventory = make(
        {"hosts": "web\n[web]\na\n", "group_vars/web.yml": "ansible_group_priority: 5\n"}
    )
    assert any("host and group are both named web" in text for text in inventory.warnings)
    assert any("no effect in group_vars" in text for text in inventory.warnings)


def test_host_file_cannot_leave_its_directory(tmp_path: Path, make: Make) -> None:
    (tmp_path / "outside.yml").write_text("x: 1\n")
    inventory = make({"hosts": "a/../../outside\n/chroot/a\n", "host_vars/b.yml": "y: 1\n"})
    assert inventory.variables_of("a/../../outside") == {}


def test_deep_chain_of_groups_is_settled_without_recursion(make: Make) -> None:
    count = 3000
    lines = [f"[g{n}:children]\ng{n + 1}" for n in range(count)]
    inventory = make({"hosts": "\n".join([*lines, f"[g{count}]", "a"])})
    assert inventory.group_table[f"g{count}"].depth == count + 1
    assert inventory.members("g0") == ("a",)
