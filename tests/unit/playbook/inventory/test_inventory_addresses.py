from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings, strategies

from warren.playbook.inventory import addresses


@pytest.mark.parametrize(
    ("pattern", "names", "port"),
    [
        ("web", ("web",), None),
        ("web.example.com:22", ("web.example.com",), 22),
        ("web_1-a", ("web_1-a",), None),
        ("10.0.0.1:2222", ("10.0.0.1",), 2222),
        ("::1", ("::1",), None),
        ("fe80::1%eth0", ("fe80::1%eth0",), None),
        ("[::1]", ("::1",), None),
        ("[2001:db8::1]:22", ("2001:db8::1",), 22),
        ("[web]:22", ("web",), 22),
        ("[a:c]", ("a", "b", "c"), None),
        ("[a:b].x:22", ("a.x", "b.x"), 22),
        ("h[08:10]", ("h08", "h09", "h10"), None),
        ("h[:1]", ("h0", "h1"), None),
        ("[z:B]", ("z", "A", "B"), None),
        ("2001:db8::[1:2]", ("2001:db8::1", "2001:db8::2"), None),
        ("h[1:2][a:b]", ("h1a", "h1b", "h2a", "h2b"), None),
    ],
)
def test_pattern_gives_names_and_port(
    pattern: str, names: tuple[str, ...], port: int | None
) -> None:
    assert addresses.parse(pattern) == (names, port)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "---",
        "a b",
        "a:",
        "a:0",
        "a:65536",
        "a:b",
        "a:1:2",
        "-oProxyCommand=x",
        "@file",
        "a;b",
        "a'b",
        "h[1:2:x]",
        "h[1:2:3:4]",
        "h[a:ff]",
        "h[b:a]",
        "h]1[",
        "h[[1:2]]",
        "h[1:99999999999999999999]",
        "a\x00b",
        "a\nb",
    ],
)
def test_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(addresses.AddressError):
        addresses.parse(pattern)


@settings(deadline=None)
@given(strategies.text(max_size=30))
def test_any_text_is_read_or_refused(pattern: str) -> None:
    try:
        names, port = addresses.parse(pattern)
    except addresses.AddressError:
        return
    assert names
    assert all(names)
    assert port is None or 1 <= port <= 65535


@settings(deadline=None)
@given(strategies.integers(0, 500), strategies.integers(0, 60), strategies.integers(1, 9))
def test_range_counts_as_python_does(begin: int, length: int, step: int) -> None:
    names, _ = addresses.parse(f"h[{begin}:{begin + length}:{step}].x")
    assert names == tuple(f"h{number}.x" for number in range(begin, begin + length + 1, step))


@settings(deadline=None)
@given(strategies.ip_addresses(v=6), strategies.integers(1, 65535))
def test_ipv6_address_with_port_keeps_both(address: IPv6Address, port: int) -> None:
    assert addresses.parse(f"[{address}]:{port}") == ((str(address),), port)
    assert addresses.parse(str(address)) == ((str(address),), None)
