"""Connections to public addresses only, so that URLs from outside can't reach the internal
network.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any, Final

import requests
import urllib3
from urllib3.util.connection import create_connection

from ..errors import ViewComfyError
from .connections import Adapter, GuardedConnection, GuardedTlsConnection

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotPublicError(ViewComfyError):
    """A host has an address that isn't public."""


def public_session() -> requests.Session:
    """A session that connects to public addresses only, each checked after the host's name is
    resolved.

    It uses no proxy, since a proxy would resolve the name itself.
    """
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _PublicAdapter())
    return session


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet."""
    return all(
        each.is_global
        and not (each.is_multicast or each.is_reserved or each.is_link_local)
        and not getattr(each, "is_site_local", False)
        for each in _meant(address)
    )


def _meant(address: Address) -> Iterator[Address]:
    """The address itself, or the IPv4 addresses embedded in it."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo
    else:
        yield address


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises NotPublicError if any of them isn't public, OSError if it has
    none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if "%" in address or not is_public(ipaddress.ip_address(address)):
            raise NotPublicError(f"{host} has an address that isn't public")
    return addresses


class _Public(GuardedConnection):
    def _opened(self) -> socket.socket:
        """Connects to the addresses that were checked, so that resolving the name again can't
        change them.
        """
        failed: OSError = OSError("the host has no address")
        for address in public_addresses(self.host, self.port or 0):
            try:
                return create_connection(
                    (address, self.port or 0),
                    self.timeout,
                    socket_options=self.socket_options,
                )
            except OSError as error:
                failed = error
        raise failed


class _PublicTls(_Public, GuardedTlsConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = _Public


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = _PublicTls


class _PublicAdapter(Adapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
