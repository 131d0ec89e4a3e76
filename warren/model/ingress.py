"""Ingresses: which requests from outside reach which services."""

import re
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from warren.model.certificate import Host, covers
from warren.model.quantities import DnsLabel, PortNumber, Seconds, Text
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen

RULES_MAX = 200
PATHS_MAX = 500
BACKENDS_MAX = 20
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110 §5.6.2
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")


class PathType(StrEnum):
    """How a path is compared: as a whole, or by its leading segments."""

    EXACT = "Exact"
    PREFIX = "Prefix"


def check_request_path(value: str) -> str:
    """Check the path of a request, as rules match it.

    Raises:
        ValueError: it is none.
    """
    if not value.startswith("/") or any(mark in value for mark in ("?", "#", "//", "\0", " ")):
        raise ValueError("must begin with '/' and hold no '//', '?', '#' or space")
    if {".", ".."} & set(value.split("/")):
        raise ValueError("must hold no '.' or '..' segments: clients remove them")
    return value


def check_network(value: str) -> str:
    """Check a CIDR block or an address.

    Raises:
        ValueError: it is none.
    """
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(f"must be an address or a CIDR block: {error}") from None


RequestPath = Annotated[str, AfterValidator(check_request_path)]
Cidr = Annotated[str, AfterValidator(check_network)]


class Backend(Frozen):
    """Who answers.

    Attributes:
        service: its name.
        port: of its containers.
        weight: its share among the backends of a path.
    """

    service: DnsLabel
    port: PortNumber
    weight: Annotated[int, Field(ge=0, le=1000)] = 1


class Rewrite(Frozen):
    """What becomes of the path before the backend sees it.

    Attributes:
        strip_prefix: leading segments to remove.
        replace_path: what to put in its place altogether; wins over ``strip_prefix``.
    """

    strip_prefix: RequestPath | None = None
    replace_path: RequestPath | None = None


class HeaderChanges(Frozen):
    """What becomes of headers.

    Attributes:
        add: appended to what is there.
        set: in place of what is there.
        remove: taken away; done first.
    """

    add: dict[str, Text] = Field(default_factory=dict)
    set: dict[str, Text] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_and_values_are_http(self) -> Self:
        for name in (*self.add, *self.set, *self.remove):
            if not _HEADER.fullmatch(name):
                raise ValueError(f"header {name!r} must be letters, digits and !#$%&'*+-.^_`|~")
        for name, value in (*self.add.items(), *self.set.items()):
            if not _FIELD_VALUE.fullmatch(value):
                raise ValueError(f"header {name!r} has a value with control characters")
        return self


class RateLimit(Frozen):
    """How many requests one client address may make of a path.

    Attributes:
        requests_per_second: on average.
        burst: at once.
    """

    requests_per_second: Annotated[float, Field(gt=0, le=1_000_000)]
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class AccessControl(Frozen):
    """Which client addresses are let in.

    Attributes:
        allow: if there are any, all others are refused.
        deny: refused, also when allowed.
    """

    allow: tuple[Cidr, ...] = ()
    deny: tuple[Cidr, ...] = ()


class IngressPath(Frozen):
    """Requests for a path, and what is done with them.

    Attributes:
        path: what is compared.
        type: how.
        backends: who answers, by weight.
        timeout_seconds: for the whole answer; 0 is without end.
    """

    path: RequestPath = "/"
    type: PathType = PathType.PREFIX
    backends: Annotated[tuple[Backend, ...], Field(min_length=1, max_length=BACKENDS_MAX)]
    rewrite: Rewrite = Rewrite()
    request_headers: HeaderChanges = HeaderChanges()
    response_headers: HeaderChanges = HeaderChanges()
    rate_limit: RateLimit | None = None
    access: AccessControl = AccessControl()
    timeout_seconds: Seconds = 60.0

    @model_validator(mode="after")
    def _somebody_answers(self) -> Self:
        if not sum(backend.weight for backend in self.backends):
            raise ValueError("one backend at least must have a weight above 0")
        pairs = [(backend.service, backend.port) for backend in self.backends]
        for service, port in pairs:
            if pairs.count((service, port)) > 1:
                raise ValueError(f"two backends are {service}:{port}")
        return self


class IngressRule(Frozen):
    """Requests for a host.

    Attributes:
        host: exact, or ``*.`` for one or more labels before it; none for every host.
        paths: Exact before the longest Prefix.
    """

    host: Host | None = None
    paths: Annotated[tuple[IngressPath, ...], Field(min_length=1, max_length=PATHS_MAX)]


class IngressTls(Frozen):
    """How hosts are served over TLS.

    Attributes:
        hosts: which; each must be covered by a rule's host.
        certificate: name of the certificate; none to obtain one by ACME.
        auto: obtain and renew a certificate by ACME.
        email: where the ACME authority writes to.
        redirect: answer plain HTTP with a redirect.
    """

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    certificate: DnsLabel | None = None
    auto: bool = False
    email: str = ""
    redirect: bool = True

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if self.auto == (self.certificate is not None):
            raise ValueError("tls needs either a certificate or auto")
        if self.auto and "@" not in self.email:
            raise ValueError("auto needs an email address")
        return self


class IngressSpec(Frozen):
    """Rules as they are asked for.

    Attributes:
        name: never changes.
        rules: unique by host, path and type together.
        tls: which hosts are served over TLS; none for plain HTTP alone.
        maintenance: answer everything with 503.
    """

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    rules: Annotated[tuple[IngressRule, ...], Field(min_length=1, max_length=RULES_MAX)]
    tls: IngressTls | None = None
    maintenance: bool = False

    @model_validator(mode="after")
    def _rules_fit_together(self) -> Self:
        seen: set[tuple[str | None, str, PathType]] = set()
        for rule in self.rules:
            for path in rule.paths:
                key = (rule.host, path.path, path.type)
                if key in seen:
                    raise ValueError(
                        f"two rules match {path.type} {path.path} of {rule.host or 'every host'}"
                    )
                seen.add(key)
        for host in self.tls.hosts if self.tls else ():
            if not any(_is_routed(rule.host, host) for rule in self.rules):
                raise ValueError(f"tls host {host!r} is covered by no rule's host")
        return self


def _is_routed(rule_host: str | None, host: str) -> bool:
    """Whether a rule takes the host's requests; a rule's ``*.`` is one or more labels."""
    if rule_host is None or covers(rule_host, host):
        return True
    return rule_host.startswith("*.") and host.endswith(rule_host[1:])


class Ingress(Resource):
    """Rules as Warren records them.

    Attributes:
        spec: what was asked for.
        message: why they are not served.
    """

    spec: IngressSpec
    message: str = ""
