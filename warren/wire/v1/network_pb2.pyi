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

class NetworkDriver(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NETWORK_DRIVER_UNSPECIFIED: _ClassVar[NetworkDriver]
    NETWORK_DRIVER_WIREGUARD: _ClassVar[NetworkDriver]
    NETWORK_DRIVER_VXLAN: _ClassVar[NetworkDriver]
    NETWORK_DRIVER_ROUTES: _ClassVar[NetworkDriver]
NETWORK_DRIVER_UNSPECIFIED: NetworkDriver
NETWORK_DRIVER_WIREGUARD: NetworkDriver
NETWORK_DRIVER_VXLAN: NetworkDriver
NETWORK_DRIVER_ROUTES: NetworkDriver

class NetworkSpec(_message.Message):
    __slots__ = ("name", "tenant", "labels", "driver", "subnet", "gateway", "isolated")
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
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    SUBNET_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    ISOLATED_FIELD_NUMBER: _ClassVar[int]
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    driver: NetworkDriver
    subnet: str
    gateway: str
    isolated: bool
    def __init__(self, name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., driver: _Optional[_Union[NetworkDriver, str]] = ..., subnet: _Optional[str] = ..., gateway: _Optional[str] = ..., isolated: _Optional[bool] = ...) -> None: ...

class Network(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "spec", "subnet")
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
    SUBNET_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    spec: NetworkSpec
    subnet: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., spec: _Optional[_Union[NetworkSpec, _Mapping]] = ..., subnet: _Optional[str] = ...) -> None: ...

class NetworkWritten(_message.Message):
    __slots__ = ("written", "network")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    written: _call_pb2.Written
    network: Network
    def __init__(self, written: _Optional[_Union[_call_pb2.Written, _Mapping]] = ..., network: _Optional[_Union[Network, _Mapping]] = ...) -> None: ...

class CreateNetworkRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: NetworkSpec
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[NetworkSpec, _Mapping]] = ...) -> None: ...

class GetNetworkRequest(_message.Message):
    __slots__ = ("read", "tenant", "network")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    network: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., network: _Optional[str] = ...) -> None: ...

class ListNetworksRequest(_message.Message):
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

class ListNetworksResponse(_message.Message):
    __slots__ = ("networks", "page")
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    networks: _containers.RepeatedCompositeFieldContainer[Network]
    page: _call_pb2.PageInfo
    def __init__(self, networks: _Optional[_Iterable[_Union[Network, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class DeleteNetworkRequest(_message.Message):
    __slots__ = ("write", "tenant", "network", "allow_missing")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    network: str
    allow_missing: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., network: _Optional[str] = ..., allow_missing: _Optional[bool] = ...) -> None: ...
