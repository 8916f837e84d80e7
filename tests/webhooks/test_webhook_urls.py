"""Where webhooks may go: public HTTPS, and nowhere that only our own network can reach."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from service.domain.webhook_url import Target, UrlError, may_be_sent, target_of


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example", Target(True, "hooks.example", 443, "/")),
        ("https://hooks.example:8443/a/b?c=d&e", Target(True, "hooks.example", 8443, "/a/b?c=d&e")),
        ("HTTPS://Hooks.Example/x", Target(True, "hooks.example", 443, "/x")),
        ("https://[2606:4700::1111]/x", Target(True, "2606:4700::1111", 443, "/x")),
        ("https://mylocalhost.example", Target(True, "mylocalhost.example", 443, "/")),
    ],
)
def test_a_good_url_is_taken_apart(url: str, target: Target) -> None:
    assert target_of(url, private_allowed=False) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "https://",
        "https:///path",
        "ftp://hooks.example",
        "file:///etc/passwd",
        "http://hooks.example",
        "https://user:secret@hooks.example",
        "https://user@hooks.example",
        "https://hooks.example/#fragment",
        "https://hooks.example:99999",
        "https://hooks.example:0",
        "https://hooks.example:port",
        "https://[::1",
        "https://hooks.example/a b",
        "https://hooks.example/a\r\nX-Injected: 1",
        "https://höoks.example",
        "https://.hooks.example",
        "https://a..hooks.example",
        "https://" + "x" * 64 + ".hooks.example",
        "https://hooks.example/" + "x" * 2048,
        "https://localhost/x",
        "https://localhost./x",
        "https://api.localhost",
        "https://127.0.0.1",
        "https://10.0.0.8/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://[::ffff:10.0.0.1]/x",
    ],
)
def test_a_bad_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UrlError) as refused:
        target_of(url, private_allowed=False)

    assert not [part for part in ("hooks.example", "secret", "Injected", "169.254") if part in str(refused.value)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://receiver:8080", "https://10.0.0.8"])
def test_a_private_receiver_is_one_where_the_setting_allows_it(url: str) -> None:
    target_of(url, private_allowed=True)

    with pytest.raises(UrlError):
        target_of(url.replace("receiver", "localhost"), private_allowed=False)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_somebody_elses_is_refused(address: str) -> None:
    assert not may_be_sent(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "81.2.69.142", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1"])
def test_a_public_address_is_fine(address: str) -> None:
    assert may_be_sent(ip_address(address))
