"""Any valid value of any model, found from the model's own description.

Bounds, patterns and enumerations are read from the fields; what only a validator's code knows is told
here: by validator for single fields, by field where several fields depend on each other.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from warren.model import certificate, container, ingress, network, quantities, resource, service
from warren.model.certificate import CertificateSpec
from warren.model.config import ConfigSpec
from warren.model.container import Capabilities, ContainerSpec, Mount, Resources
from warren.model.deployment import Deployment
from warren.model.hidden import Secret as HiddenBytes
from warren.model.ingress import HeaderChanges, IngressTls
from warren.model.network import NetworkSpec
from warren.model.secret import SecretSpec
from warren.model.service import ServiceSpec, UpdateConfig
from warren.model.template import TemplateSpec, Variable
from warren.model.volume import VolumeSpec

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
LABEL = st.sampled_from(["a", "0", "web-1", "x" * 63])
PATH = st.lists(LABEL, max_size=3).map(lambda parts: "/" + "/".join(parts))
HOST = st.tuples(st.sampled_from(["", "*."]), LABEL, LABEL).map(lambda p: f"{p[0]}{p[1]}.{p[2]}")
KEY = st.sampled_from(["A", "a_b", "X-y", "k" * 40])
IMAGE = st.sampled_from(["nginx", "nginx:1.27", "r.test:5000/a/b:c", "x@sha256:" + "a" * 64])
CIDR = st.ip_addresses(v=4).map(lambda each: f"{each}/32")
SUBNET = st.integers(0, 255).map(lambda octet: f"10.{octet}.0.0/16")
PEM = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n"
KEY_PEM = b"-----BEGIN PRIVATE KEY-----\nQQ==\n-----END PRIVATE KEY-----\n"

BY_VALIDATOR: dict[Callable[..., Any], st.SearchStrategy[Any]] = {
    quantities.check_dns_label: LABEL,
    quantities.check_image: IMAGE,
    quantities.check_absolute: PATH,
    resource.check_labels: st.dictionaries(KEY, TEXT, max_size=3),
    container._check_environment: st.dictionaries(KEY, TEXT, max_size=3),
    service.check_constraint: st.sampled_from(
        ["node.name == a", "node.label.zone != b", "node.role in (a, b)"]
    ),
    certificate.check_host: HOST,
    ingress.check_request_path: PATH,
    ingress.check_network: CIDR,
    network.check_subnet: SUBNET,
}

_SEVERAL = (str, ContainerSpec, container.Port, Mount, Variable)
"""What there are lists of two of; of the rest one shows as much."""

Values = dict[str, Any]


def _as_they_are(values: Values) -> Values:
    return values


def _main_only(values: Values) -> Values:
    """One main container and sidecars, in a chain of dependencies."""
    drawn = [each.model_dump() for each in values["containers"]] or [{"image": "nginx"}]
    used: set[int] = set()
    for index, each in enumerate(drawn):
        each |= {"name": f"c{index}", "role": "sidecar" if index else "main"}
        each["depends_on"] = [f"c{index - 1}"] if index else []
        for port in each.get("ports", ()):
            port["host_port"] = 0 if port["host_port"] in used else port["host_port"]
            used.add(port["host_port"])
    return {**values, "containers": drawn}


def _distinct_targets(values: Values) -> Values:
    mounts = {mount.target: mount for mount in values.get("volumes", ())}
    return {**values, "volumes": tuple(mounts.values())}


def _mount(values: Values) -> Values:
    kind = values.get("type", "volume")
    values = {**values, "source": {"volume": "data", "bind": "/srv", "tmpfs": None}[kind]}
    return values if kind == "tmpfs" else {**values, "size_bytes": None}


def _resources(values: Values) -> Values:
    free = {**values, "cpu_reservation": values.get("cpu_reservation", 0.0)}
    if free.get("cpu_limit") is not None:
        free["cpu_reservation"] = min(free["cpu_reservation"], free["cpu_limit"])
    if free.get("memory_limit_bytes") is not None:
        reserved = free.get("memory_reservation_bytes", 0)
        free["memory_reservation_bytes"] = min(reserved, free["memory_limit_bytes"])
    return free


def _update(values: Values) -> Values:
    steps = sorted(set(values.get("canary_steps", (100,))))
    return {**values, "canary_steps": steps, "max_surge": values.get("max_surge", 1) or 1}


def _volume(values: Values) -> Values:
    driver = values.get("driver", "local")
    options = {"nfs": {"server": "nfs.test", "path": "/x"}, "bind": {"path": "/srv"}}
    values = {**values, "options": options.get(driver, {})}
    return {**values, "size_bytes": None} if driver in options else values


def _network(values: Values) -> Values:
    subnet = values.get("subnet")
    inside = subnet is not None and values.get("gateway") is not None
    return {**values, "gateway": str(subnet).replace("0.0/16", "0.1") if inside else None}


def _certificate(values: Values) -> Values:
    hosts = tuple(dict.fromkeys(values.get("hosts", ()))) or ("a.test",)
    values = {**values, "hosts": hosts}
    if values.get("source", "uploaded") == "uploaded":
        return {**values, "certificate_pem": PEM, "key_pem": KEY_PEM}
    return {**values, "certificate_pem": "", "key_pem": None, "email": "a@b.test"}


def _secret(values: Values) -> Values:
    login = b'{"registry": "r", "username": "u", "password": "p"}'
    fixed = {"tls": PEM.encode() + KEY_PEM, "ca": PEM.encode(), "registry": login}
    kind = values.get("type", "opaque")
    return {**values, "value": fixed.get(kind, values["value"].reveal() or b"\xff")}


def _config(values: Values) -> Values:
    fixed = {"json": '{"a": 1}', "yaml": "a: [1]\n", "env": "A=b\n"}
    kind = values.get("format", "text")
    return {**values, "content": fixed.get(kind, values["content"])}


def _template(values: Values) -> Values:
    variables = {each.name: each for each in values.get("variables", ())}
    places = "".join(f"\n  V{name}: ${{{name}}}" for name in variables)
    document = f"image: nginx\nenv:{places or ' {}'}\n"
    return {**values, "variables": tuple(variables.values()), "document": document}


def _variable(values: Values) -> Values:
    default = {"string": "x", "integer": "7", "number": "1.5", "boolean": "true"}
    has_default = values.get("default") is not None and not values.get("required")
    kind = values.get("type", "string")
    return {**values, "default": default[kind] if has_default else None}


def _tls(values: Values) -> Values:
    auto = values.get("certificate") is None
    return {**values, "auto": auto, "email": "a@b.test" if auto else ""}


def _headers(values: Values) -> Values:
    return {
        name: dict.fromkeys(value, "x") if isinstance(value, dict) else ("x-a",) * bool(value)
        for name, value in values.items()
    }


def _ingress(values: Values) -> Values:
    rule = values["rules"][0]
    paths = {path.path: path for path in rule.paths}
    rule = rule.model_copy(update={"paths": tuple(paths.values())})
    tls = values.get("tls")
    if tls is not None:
        rule = rule.model_copy(update={"host": None})
    return {**values, "rules": (rule,), "tls": tls}


def _deployment(values: Values) -> Values:
    steps = [
        step.model_copy(update={"number": number})
        for number, step in enumerate(values.get("steps", ()), 1)
    ]
    return {**values, "steps": tuple(steps)}


def _capabilities(values: Values) -> Values:
    return {name: ("NET_ADMIN",) * min(1, len(value)) for name, value in values.items()}


def _path(values: Values) -> Values:
    return {**values, "backends": ({"service": "web", "port": values["backends"][0].port},)}


TOGETHER: dict[type[BaseModel], Callable[[Values], Values]] = {
    ServiceSpec: _main_only,
    ContainerSpec: _distinct_targets,
    Mount: _mount,
    Resources: _resources,
    UpdateConfig: _update,
    VolumeSpec: _volume,
    NetworkSpec: _network,
    CertificateSpec: _certificate,
    SecretSpec: _secret,
    ConfigSpec: _config,
    TemplateSpec: _template,
    Variable: _variable,
    IngressTls: _tls,
    HeaderChanges: _headers,
    ingress.IngressSpec: _ingress,
    ingress.IngressPath: _path,
    Deployment: _deployment,
    Capabilities: _capabilities,
}


@cache
def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Valid values of ``model``, with and without each field that has a default."""
    fields = {name: _field(info) for name, info in model.model_fields.items()}
    required = {
        name: fields[name] for name, info in model.model_fields.items() if info.is_required()
    }
    optional = {name: fields[name] for name in fields if name not in required}
    together = TOGETHER.get(model, _as_they_are)

    drawn: st.SearchStrategy[Values] = st.fixed_dictionaries(required, optional=optional)
    return drawn.map(lambda values: model.model_validate(together(values)))


def _field(info: FieldInfo) -> st.SearchStrategy[Any]:
    return _values(info.annotation, tuple(info.metadata))


def _values(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(arguments[0], (*arguments[1:], *metadata))
    for each in metadata:
        if isinstance(each, AfterValidator) and each.func in BY_VALIDATOR:
            return BY_VALIDATOR[each.func]
    if origin in {Union, UnionType}:
        return st.one_of(*(_values(each, metadata) for each in arguments))
    found = _container(origin, arguments, metadata)
    return _plain(annotation, metadata) if found is None else found


def _container(
    origin: Any, arguments: tuple[Any, ...], metadata: tuple[Any, ...]
) -> st.SearchStrategy[Any] | None:
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        low, _ = _sizes(metadata)
        high = max(low, 1) + (arguments[0] in _SEVERAL)
        return st.lists(_values(arguments[0]), min_size=low, max_size=high).map(tuple)
    return st.dictionaries(KEY, TEXT, max_size=2) if origin is dict else None


def _plain(annotation: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    known: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        type(None): st.none,
        str: lambda: _texts(metadata),
        bytes: lambda: st.binary(max_size=20),
        bool: st.booleans,
        int: lambda: st.integers(*_bounds(metadata, 0, (1 << 31) - 1)),
        float: lambda: _floats(metadata),
        datetime: lambda: st.datetimes(timezones=st.just(UTC)),
        HiddenBytes: lambda: st.binary(max_size=20).map(HiddenBytes),
    }
    if annotation in known:
        return known[annotation]()
    if issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    assert issubclass(annotation, BaseModel), annotation
    return models(annotation)


def _texts(metadata: tuple[Any, ...]) -> st.SearchStrategy[str]:
    low, high = _sizes(metadata)
    if pattern := _pattern(metadata):
        found = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
        return found.filter(lambda text: len(text) <= high and not text.endswith("\n"))
    return TEXT.filter(lambda text: len(text) >= low)


def _floats(metadata: tuple[Any, ...]) -> st.SearchStrategy[float]:
    low, high = _bounds(metadata, 0, 1 << 40)
    is_open = any(isinstance(each, annotated_types.Gt) for each in _constraints(metadata))
    return st.floats(low, high, exclude_min=is_open)


def _constraints(metadata: tuple[Any, ...]) -> list[Any]:
    nested = [each for field in metadata if isinstance(field, FieldInfo) for each in field.metadata]
    return [*metadata, *nested]


def _bounds(metadata: tuple[Any, ...], low: Any, high: Any) -> tuple[Any, Any]:
    for each in _constraints(metadata):
        low = getattr(each, "ge", getattr(each, "gt", low))
        high = getattr(each, "le", high)
    return low, high


def _sizes(metadata: tuple[Any, ...]) -> tuple[int, int]:
    low, high = 0, 1 << 20
    for each in _constraints(metadata):
        low = getattr(each, "min_length", low) or 0
        high = getattr(each, "max_length", high) or high
    return low, high


def _pattern(metadata: tuple[Any, ...]) -> str:
    for each in _constraints(metadata):
        if pattern := getattr(each, "pattern", None):
            return str(pattern)
    return ""
