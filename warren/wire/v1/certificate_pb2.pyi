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

class CertificateSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CERTIFICATE_SOURCE_UNSPECIFIED: _ClassVar[CertificateSource]
    CERTIFICATE_SOURCE_UPLOADED: _ClassVar[CertificateSource]
    CERTIFICATE_SOURCE_ACME: _ClassVar[CertificateSource]
    CERTIFICATE_SOURCE_SELF_SIGNED: _ClassVar[CertificateSource]
CERTIFICATE_SOURCE_UNSPECIFIED: CertificateSource
CERTIFICATE_SOURCE_UPLOADED: CertificateSource
CERTIFICATE_SOURCE_ACME: CertificateSource
CERTIFICATE_SOURCE_SELF_SIGNED: CertificateSource

class CertificateSpec(_message.Message):
    __slots__ = ("name", "tenant", "labels", "source", "hosts", "certificate_pem", "key_pem", "email", "auto_renew")
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
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    KEY_PEM_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    AUTO_RENEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    source: CertificateSource
    hosts: _containers.RepeatedScalarFieldContainer[str]
    certificate_pem: str
    key_pem: bytes
    email: str
    auto_renew: bool
    def __init__(self, name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., source: _Optional[_Union[CertificateSource, str]] = ..., hosts: _Optional[_Iterable[str]] = ..., certificate_pem: _Optional[str] = ..., key_pem: _Optional[bytes] = ..., email: _Optional[str] = ..., auto_renew: _Optional[bool] = ...) -> None: ...

class Certificate(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "source", "hosts", "certificate_pem", "issuer", "serial", "not_before", "not_after", "email", "auto_renew", "message")
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
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    AUTO_RENEW_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    source: CertificateSource
    hosts: _containers.RepeatedScalarFieldContainer[str]
    certificate_pem: str
    issuer: str
    serial: str
    not_before: _timestamp_pb2.Timestamp
    not_after: _timestamp_pb2.Timestamp
    email: str
    auto_renew: bool
    message: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., source: _Optional[_Union[CertificateSource, str]] = ..., hosts: _Optional[_Iterable[str]] = ..., certificate_pem: _Optional[str] = ..., issuer: _Optional[str] = ..., serial: _Optional[str] = ..., not_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., not_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., email: _Optional[str] = ..., auto_renew: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...

class CertificateWritten(_message.Message):
    __slots__ = ("written", "certificate")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    written: _call_pb2.Written
    certificate: Certificate
    def __init__(self, written: _Optional[_Union[_call_pb2.Written, _Mapping]] = ..., certificate: _Optional[_Union[Certificate, _Mapping]] = ...) -> None: ...

class CreateCertificateRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: CertificateSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[CertificateSpec, _Mapping]] = ...) -> None: ...

class GetCertificateRequest(_message.Message):
    __slots__ = ("read", "tenant", "certificate")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    certificate: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., certificate: _Optional[str] = ...) -> None: ...

class ListCertificatesRequest(_message.Message):
    __slots__ = ("read", "tenant", "all_tenants", "labels", "host", "page")
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
    HOST_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    all_tenants: bool
    labels: _containers.ScalarMap[str, str]
    host: str
    page: _call_pb2.Page
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., all_tenants: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., host: _Optional[str] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ...) -> None: ...

class ListCertificatesResponse(_message.Message):
    __slots__ = ("certificates", "page")
    CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    certificates: _containers.RepeatedCompositeFieldContainer[Certificate]
    page: _call_pb2.PageInfo
    def __init__(self, certificates: _Optional[_Iterable[_Union[Certificate, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class UpdateCertificateRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: CertificateSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[CertificateSpec, _Mapping]] = ...) -> None: ...

class RenewCertificateRequest(_message.Message):
    __slots__ = ("write", "tenant", "certificate")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    certificate: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., certificate: _Optional[str] = ...) -> None: ...

class DeleteCertificateRequest(_message.Message):
    __slots__ = ("write", "tenant", "certificate", "allow_missing")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    certificate: str
    allow_missing: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., certificate: _Optional[str] = ..., allow_missing: _Optional[bool] = ...) -> None: ...
