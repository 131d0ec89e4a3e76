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

class SecretType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SECRET_TYPE_UNSPECIFIED: _ClassVar[SecretType]
    SECRET_TYPE_OPAQUE: _ClassVar[SecretType]
    SECRET_TYPE_TLS: _ClassVar[SecretType]
    SECRET_TYPE_CA: _ClassVar[SecretType]
    SECRET_TYPE_REGISTRY: _ClassVar[SecretType]
SECRET_TYPE_UNSPECIFIED: SecretType
SECRET_TYPE_OPAQUE: SecretType
SECRET_TYPE_TLS: SecretType
SECRET_TYPE_CA: SecretType
SECRET_TYPE_REGISTRY: SecretType

class SecretSpec(_message.Message):
    __slots__ = ("name", "tenant", "labels", "type", "value")
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
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    type: SecretType
    value: bytes
    def __init__(self, name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., type: _Optional[_Union[SecretType, str]] = ..., value: _Optional[bytes] = ...) -> None: ...

class Secret(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "type", "size_bytes")
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
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    type: SecretType
    size_bytes: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., type: _Optional[_Union[SecretType, str]] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class SecretWritten(_message.Message):
    __slots__ = ("written", "secret")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    written: _call_pb2.Written
    secret: Secret
    def __init__(self, written: _Optional[_Union[_call_pb2.Written, _Mapping]] = ..., secret: _Optional[_Union[Secret, _Mapping]] = ...) -> None: ...

class CreateSecretRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: SecretSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[SecretSpec, _Mapping]] = ...) -> None: ...

class GetSecretRequest(_message.Message):
    __slots__ = ("read", "tenant", "secret")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    secret: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., secret: _Optional[str] = ...) -> None: ...

class ListSecretsRequest(_message.Message):
    __slots__ = ("read", "tenant", "all_tenants", "labels", "page")
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
    PAGE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    all_tenants: bool
    labels: _containers.ScalarMap[str, str]
    page: _call_pb2.Page
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., all_tenants: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ...) -> None: ...

class ListSecretsResponse(_message.Message):
    __slots__ = ("secrets", "page")
    SECRETS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    secrets: _containers.RepeatedCompositeFieldContainer[Secret]
    page: _call_pb2.PageInfo
    def __init__(self, secrets: _Optional[_Iterable[_Union[Secret, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class UpdateSecretRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: SecretSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[SecretSpec, _Mapping]] = ...) -> None: ...

class DeleteSecretRequest(_message.Message):
    __slots__ = ("write", "tenant", "secret", "allow_missing")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    secret: str
    allow_missing: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., secret: _Optional[str] = ..., allow_missing: _Optional[bool] = ...) -> None: ...

class GetSecretDataRequest(_message.Message):
    __slots__ = ("read", "tenant", "secret", "node")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    secret: str
    node: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., secret: _Optional[str] = ..., node: _Optional[str] = ...) -> None: ...

class GetSecretDataResponse(_message.Message):
    __slots__ = ("value", "version")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    version: int
    def __init__(self, value: _Optional[bytes] = ..., version: _Optional[int] = ...) -> None: ...
