import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warren.wire.v1 import access_pb2 as _access_pb2
from warren.wire.v1 import call_pb2 as _call_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Token(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "role", "scope", "expires_at", "uses_left", "revoked")
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
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    USES_LEFT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    role: _access_pb2.CallerRole
    scope: str
    expires_at: _timestamp_pb2.Timestamp
    uses_left: int
    revoked: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., role: _Optional[_Union[_access_pb2.CallerRole, str]] = ..., scope: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., uses_left: _Optional[int] = ..., revoked: _Optional[bool] = ...) -> None: ...

class GenerateJoinTokenRequest(_message.Message):
    __slots__ = ("write", "name", "role", "scope", "lifetime_seconds", "uses")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    name: str
    role: _access_pb2.CallerRole
    scope: str
    lifetime_seconds: float
    uses: int
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., name: _Optional[str] = ..., role: _Optional[_Union[_access_pb2.CallerRole, str]] = ..., scope: _Optional[str] = ..., lifetime_seconds: _Optional[float] = ..., uses: _Optional[int] = ...) -> None: ...

class GenerateJoinTokenResponse(_message.Message):
    __slots__ = ("token", "secret")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    token: Token
    secret: str
    def __init__(self, token: _Optional[_Union[Token, _Mapping]] = ..., secret: _Optional[str] = ...) -> None: ...

class ListTokensRequest(_message.Message):
    __slots__ = ("read", "all", "page")
    READ_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    all: bool
    page: _call_pb2.Page
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., all: _Optional[bool] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ...) -> None: ...

class ListTokensResponse(_message.Message):
    __slots__ = ("tokens", "page")
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedCompositeFieldContainer[Token]
    page: _call_pb2.PageInfo
    def __init__(self, tokens: _Optional[_Iterable[_Union[Token, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class RevokeTokenRequest(_message.Message):
    __slots__ = ("write", "token")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    token: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., token: _Optional[str] = ...) -> None: ...

class RotateTokensRequest(_message.Message):
    __slots__ = ("write", "role")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    role: _access_pb2.CallerRole
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., role: _Optional[_Union[_access_pb2.CallerRole, str]] = ...) -> None: ...

class RequestCertificateRequest(_message.Message):
    __slots__ = ("write", "token", "request_pem", "name", "addresses")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_PEM_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    token: str
    request_pem: bytes
    name: str
    addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., token: _Optional[str] = ..., request_pem: _Optional[bytes] = ..., name: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class CertificateGrant(_message.Message):
    __slots__ = ("certificate_pem", "authority_pem", "revocation_list_pem", "identity", "managers")
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_PEM_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_LIST_PEM_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    MANAGERS_FIELD_NUMBER: _ClassVar[int]
    certificate_pem: bytes
    authority_pem: bytes
    revocation_list_pem: bytes
    identity: Identity
    managers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, certificate_pem: _Optional[bytes] = ..., authority_pem: _Optional[bytes] = ..., revocation_list_pem: _Optional[bytes] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ..., managers: _Optional[_Iterable[str]] = ...) -> None: ...

class RenewIdentityRequest(_message.Message):
    __slots__ = ("write", "request_pem", "addresses")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_PEM_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    request_pem: bytes
    addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., request_pem: _Optional[bytes] = ..., addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class WhoAmIRequest(_message.Message):
    __slots__ = ("read",)
    READ_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("cluster", "role", "name", "tenant", "serial", "not_after")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    role: _access_pb2.CallerRole
    name: str
    tenant: str
    serial: str
    not_after: _timestamp_pb2.Timestamp
    def __init__(self, cluster: _Optional[str] = ..., role: _Optional[_Union[_access_pb2.CallerRole, str]] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., serial: _Optional[str] = ..., not_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListIdentitiesRequest(_message.Message):
    __slots__ = ("read", "role", "page")
    READ_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    role: _access_pb2.CallerRole
    page: _call_pb2.Page
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., role: _Optional[_Union[_access_pb2.CallerRole, str]] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ...) -> None: ...

class ListIdentitiesResponse(_message.Message):
    __slots__ = ("identities", "page")
    IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    identities: _containers.RepeatedCompositeFieldContainer[Identity]
    page: _call_pb2.PageInfo
    def __init__(self, identities: _Optional[_Iterable[_Union[Identity, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class RevokeIdentityRequest(_message.Message):
    __slots__ = ("write", "serial", "reason")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    serial: str
    reason: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., serial: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class GetAuthorityRequest(_message.Message):
    __slots__ = ("read",)
    READ_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ...) -> None: ...

class GetAuthorityResponse(_message.Message):
    __slots__ = ("authority_pem", "revocation_list_pem", "fingerprint")
    AUTHORITY_PEM_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_LIST_PEM_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    authority_pem: bytes
    revocation_list_pem: bytes
    fingerprint: bytes
    def __init__(self, authority_pem: _Optional[bytes] = ..., revocation_list_pem: _Optional[bytes] = ..., fingerprint: _Optional[bytes] = ...) -> None: ...
