import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warren.wire.v1 import access_pb2 as _access_pb2
from warren.wire.v1 import call_pb2 as _call_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PathType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PATH_TYPE_UNSPECIFIED: _ClassVar[PathType]
    PATH_TYPE_EXACT: _ClassVar[PathType]
    PATH_TYPE_PREFIX: _ClassVar[PathType]
PATH_TYPE_UNSPECIFIED: PathType
PATH_TYPE_EXACT: PathType
PATH_TYPE_PREFIX: PathType

class Backend(_message.Message):
    __slots__ = ("service", "port", "weight")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    service: str
    port: int
    weight: int
    def __init__(self, service: _Optional[str] = ..., port: _Optional[int] = ..., weight: _Optional[int] = ...) -> None: ...

class Rewrite(_message.Message):
    __slots__ = ("strip_prefix", "replace_path")
    STRIP_PREFIX_FIELD_NUMBER: _ClassVar[int]
    REPLACE_PATH_FIELD_NUMBER: _ClassVar[int]
    strip_prefix: str
    replace_path: str
    def __init__(self, strip_prefix: _Optional[str] = ..., replace_path: _Optional[str] = ...) -> None: ...

class HeaderChanges(_message.Message):
    __slots__ = ("add", "set", "remove")
    class AddEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class SetEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ADD_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    add: _containers.ScalarMap[str, str]
    set: _containers.ScalarMap[str, str]
    remove: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, add: _Optional[_Mapping[str, str]] = ..., set: _Optional[_Mapping[str, str]] = ..., remove: _Optional[_Iterable[str]] = ...) -> None: ...

class RateLimit(_message.Message):
    __slots__ = ("requests_per_second", "burst")
    REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BURST_FIELD_NUMBER: _ClassVar[int]
    requests_per_second: float
    burst: int
    def __init__(self, requests_per_second: _Optional[float] = ..., burst: _Optional[int] = ...) -> None: ...

class AccessControl(_message.Message):
    __slots__ = ("allow", "deny")
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    DENY_FIELD_NUMBER: _ClassVar[int]
    allow: _containers.RepeatedScalarFieldContainer[str]
    deny: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, allow: _Optional[_Iterable[str]] = ..., deny: _Optional[_Iterable[str]] = ...) -> None: ...

class IngressPath(_message.Message):
    __slots__ = ("path", "type", "backends", "rewrite", "request_headers", "response_headers", "rate_limit", "access", "timeout_seconds")
    PATH_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    BACKENDS_FIELD_NUMBER: _ClassVar[int]
    REWRITE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HEADERS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_HEADERS_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    path: str
    type: PathType
    backends: _containers.RepeatedCompositeFieldContainer[Backend]
    rewrite: Rewrite
    request_headers: HeaderChanges
    response_headers: HeaderChanges
    rate_limit: RateLimit
    access: AccessControl
    timeout_seconds: float
    def __init__(self, path: _Optional[str] = ..., type: _Optional[_Union[PathType, str]] = ..., backends: _Optional[_Iterable[_Union[Backend, _Mapping]]] = ..., rewrite: _Optional[_Union[Rewrite, _Mapping]] = ..., request_headers: _Optional[_Union[HeaderChanges, _Mapping]] = ..., response_headers: _Optional[_Union[HeaderChanges, _Mapping]] = ..., rate_limit: _Optional[_Union[RateLimit, _Mapping]] = ..., access: _Optional[_Union[AccessControl, _Mapping]] = ..., timeout_seconds: _Optional[float] = ...) -> None: ...

class IngressRule(_message.Message):
    __slots__ = ("host", "paths")
    HOST_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    host: str
    paths: _containers.RepeatedCompositeFieldContainer[IngressPath]
    def __init__(self, host: _Optional[str] = ..., paths: _Optional[_Iterable[_Union[IngressPath, _Mapping]]] = ...) -> None: ...

class IngressTls(_message.Message):
    __slots__ = ("hosts", "certificate", "auto", "email", "redirect")
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    AUTO_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_FIELD_NUMBER: _ClassVar[int]
    hosts: _containers.RepeatedScalarFieldContainer[str]
    certificate: str
    auto: bool
    email: str
    redirect: bool
    def __init__(self, hosts: _Optional[_Iterable[str]] = ..., certificate: _Optional[str] = ..., auto: _Optional[bool] = ..., email: _Optional[str] = ..., redirect: _Optional[bool] = ...) -> None: ...

class IngressSpec(_message.Message):
    __slots__ = ("name", "tenant", "labels", "rules", "tls", "maintenance")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    rules: _containers.RepeatedCompositeFieldContainer[IngressRule]
    tls: IngressTls
    maintenance: bool
    def __init__(self, name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., rules: _Optional[_Iterable[_Union[IngressRule, _Mapping]]] = ..., tls: _Optional[_Union[IngressTls, _Mapping]] = ..., maintenance: _Optional[bool] = ...) -> None: ...

class Ingress(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "spec", "message")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    spec: IngressSpec
    message: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., spec: _Optional[_Union[IngressSpec, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class IngressWritten(_message.Message):
    __slots__ = ("written", "ingress")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    INGRESS_FIELD_NUMBER: _ClassVar[int]
    written: _call_pb2.Written
    ingress: Ingress
    def __init__(self, written: _Optional[_Union[_call_pb2.Written, _Mapping]] = ..., ingress: _Optional[_Union[Ingress, _Mapping]] = ...) -> None: ...

class CreateIngressRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: IngressSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[IngressSpec, _Mapping]] = ...) -> None: ...

class GetIngressRequest(_message.Message):
    __slots__ = ("read", "tenant", "ingress")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INGRESS_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    ingress: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., ingress: _Optional[str] = ...) -> None: ...

class ListIngressesRequest(_message.Message):
    __slots__ = ("read", "tenant", "all_tenants", "labels", "service", "page")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ALL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    all_tenants: bool
    labels: _containers.ScalarMap[str, str]
    service: str
    page: _call_pb2.Page
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., all_tenants: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., service: _Optional[str] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ...) -> None: ...

class ListIngressesResponse(_message.Message):
    __slots__ = ("ingresses", "page")
    INGRESSES_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    ingresses: _containers.RepeatedCompositeFieldContainer[Ingress]
    page: _call_pb2.PageInfo
    def __init__(self, ingresses: _Optional[_Iterable[_Union[Ingress, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class UpdateIngressRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: IngressSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[IngressSpec, _Mapping]] = ...) -> None: ...

class DeleteIngressRequest(_message.Message):
    __slots__ = ("write", "tenant", "ingress", "allow_missing")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INGRESS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    ingress: str
    allow_missing: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., ingress: _Optional[str] = ..., allow_missing: _Optional[bool] = ...) -> None: ...
