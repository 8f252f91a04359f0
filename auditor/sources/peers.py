"""Who is asked on a registry's word: no address of a private network, unless it is in one itself.

What a registry answers names other hosts, for files and in redirects. Such a name may lead to this
machine, to its neighbours or to what a cloud answers its machines alone, so the address that a
connection really goes to is looked at, once it stands and before anything is asked over it: a name
that resolves to something else the second time gains nothing. The registry of the settings is
trusted to be where it is. Behind a proxy the address is the proxy's, which the user has set; there
only addresses that are written as such are looked at.
"""

from __future__ import annotations

import ipaddress
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auditor.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.adapters import HTTPAdapter

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Place = tuple[str, int]
"""A host in lower case, and a port."""

_PORTS = {"http": 80, "https": 443}
_METADATA = frozenset({"168.63.129.16", "fd00:ec2::254", "100.100.100.200"})
"""Where clouds answer their machines, beside 169.254.169.254; by their documentation."""
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as IPv6 has them behind a translator (RFC 6052)."""


class Kind(Enum):
    """What an address belongs to; the value is for people."""

    PUBLIC = "the public network"
    PRIVATE = "a private network"
    LINK = "the local link, where clouds keep secrets"
    OWN = "this machine"


def kind_of(text: str) -> Kind:
    """Return what an address belongs to, whatever it is wrapped in; raise ValueError for none."""
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_loopback or address.is_unspecified:
        return Kind.OWN
    if address.is_link_local or str(address) in _METADATA:
        return Kind.LINK
    return Kind.PUBLIC if address.is_global and not address.is_multicast else Kind.PRIVATE


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def place_of(url: str) -> Place:
    """Return the host and port of an address of the web; raise ValueError for none."""
    found = urlsplit(url)
    return (found.hostname or "").lower(), found.port or _PORTS.get(found.scheme, 0)


class Guard:
    """What may be connected to, for one thing that is asked for after another."""

    def __init__(self) -> None:
        self._home: Place = ("", 0)
        self._trusted = True
        self._kinds: dict[Place, Kind] = {}
        """Of the registries that were asked, by what they answered from."""

    def begin(self, url: str, *, trusted: bool) -> None:
        """Say whose word is about to be asked for: a registry, by its address.

        One that only a project's settings name is not `trusted` to be on the local link.
        """
        self._home, self._trusted = place_of(url), trusted

    def check_written(self, url: str) -> None:
        """Raise InputError where a host is written as an address that is not to be asked."""
        host, port = place_of(url)
        try:
            kind_of(host)
        except ValueError:  # a name, which the connection tells about
            return
        self.check((host, port), host)

    def check(self, place: Place, peer: str) -> None:
        """Raise InputError where a connection to a place has a peer that is not to be asked."""
        kind = kind_of(peer)
        if place == self._home and (self._trusted or kind is not Kind.LINK):
            self._kinds[place] = kind
        elif kind is not Kind.PUBLIC and (
            kind is not self._kinds.get(self._home) or place == self._home
        ):
            raise InputError(f"leads to an address of {kind.value}, which is not asked")


def adapter(check: Callable[[Place, str], None]) -> HTTPAdapter:
    """Return what connects for requests, and has each direct connection checked before its use."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - for those alone who ask a registry
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415

    def checked(connection: HTTPConnection) -> None:
        if connection.proxy is None and connection.sock is not None:
            place = (connection.host.strip("[]").lower(), connection.port or 0)
            check(place, connection.sock.getpeername()[0])

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            checked(self)

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            checked(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - as it is
            super().init_poolmanager(*given, **named)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

    return Adapter()
