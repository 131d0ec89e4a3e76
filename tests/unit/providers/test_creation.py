import pytest
from hypothesis import given, strategies as st

from tests.unit.providers.cases import dialect, instance_of, service
from warren.model.container import Mount
from warren.providers.engine import creation


@pytest.mark.parametrize(
    ("name", "slot", "expected"),
    [
        ("web", 1, "web-1"),
        ("a" * 63, 12, "a" * 60 + "-12"),
        ("a" * 59 + "-bcd", 123, "a" * 59 + "-123"),
    ],
)
def test_hostname_is_a_dns_label(name: str, slot: int, expected: str) -> None:
    spec = service(name=name)
    assert creation.hostname(instance_of(spec, slot=slot)) == expected
    assert len(expected) <= 63


def test_names_of_two_instances_of_one_slot_differ() -> None:
    spec = service()
    names = {
        creation.container_name(instance_of(spec, number=number), spec.main) for number in (1, 2)
    }
    assert names == {"web.1.00000001", "web.1.00000002"}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50))
def test_any_value_of_env_is_one_word_of_argv(value: str) -> None:
    spec = service(env={"A": value})
    (command,) = creation.create(dialect("podman"), instance_of(spec), spec, cluster="c")
    assert f"A={value}" in command.argv


def test_mount_of_a_path_with_commas_and_quotes_is_one_csv_field() -> None:
    spec = Mount(type="bind", source='/a,"b"', target="/c")
    assert creation.mount(spec) == 'type=bind,"source=/a,""b""",target=/c'
