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

class Suffrage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUFFRAGE_UNSPECIFIED: _ClassVar[Suffrage]
    SUFFRAGE_VOTER: _ClassVar[Suffrage]
    SUFFRAGE_LEARNER: _ClassVar[Suffrage]

class UnlockMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNLOCK_METHOD_UNSPECIFIED: _ClassVar[UnlockMethod]
    UNLOCK_METHOD_KEY_FILE: _ClassVar[UnlockMethod]
    UNLOCK_METHOD_PASSPHRASE: _ClassVar[UnlockMethod]
SUFFRAGE_UNSPECIFIED: Suffrage
SUFFRAGE_VOTER: Suffrage
SUFFRAGE_LEARNER: Suffrage
UNLOCK_METHOD_UNSPECIFIED: UnlockMethod
UNLOCK_METHOD_KEY_FILE: UnlockMethod
UNLOCK_METHOD_PASSPHRASE: UnlockMethod

class Manager(_message.Message):
    __slots__ = ("member", "name", "address", "peer_address", "suffrage", "leader", "reachable", "match_index", "unlocked", "warren_version", "last_seen_at")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PEER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SUFFRAGE_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    REACHABLE_FIELD_NUMBER: _ClassVar[int]
    MATCH_INDEX_FIELD_NUMBER: _ClassVar[int]
    UNLOCKED_FIELD_NUMBER: _ClassVar[int]
    WARREN_VERSION_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    member: int
    name: str
    address: str
    peer_address: str
    suffrage: Suffrage
    leader: bool
    reachable: bool
    match_index: int
    unlocked: bool
    warren_version: str
    last_seen_at: _timestamp_pb2.Timestamp
    def __init__(self, member: _Optional[int] = ..., name: _Optional[str] = ..., address: _Optional[str] = ..., peer_address: _Optional[str] = ..., suffrage: _Optional[_Union[Suffrage, str]] = ..., leader: _Optional[bool] = ..., reachable: _Optional[bool] = ..., match_index: _Optional[int] = ..., unlocked: _Optional[bool] = ..., warren_version: _Optional[str] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetClusterInfoRequest(_message.Message):
    __slots__ = ("read",)
    READ_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ...) -> None: ...

class GetClusterInfoResponse(_message.Message):
    __slots__ = ("cluster_id", "leader", "leader_address", "term", "managers", "nodes", "services", "instances", "cluster_subnet", "warren_version", "format", "sequence", "created_at")
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    LEADER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    MANAGERS_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_SUBNET_FIELD_NUMBER: _ClassVar[int]
    WARREN_VERSION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    cluster_id: str
    leader: int
    leader_address: str
    term: int
    managers: _containers.RepeatedCompositeFieldContainer[Manager]
    nodes: int
    services: int
    instances: int
    cluster_subnet: str
    warren_version: str
    format: int
    sequence: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, cluster_id: _Optional[str] = ..., leader: _Optional[int] = ..., leader_address: _Optional[str] = ..., term: _Optional[int] = ..., managers: _Optional[_Iterable[_Union[Manager, _Mapping]]] = ..., nodes: _Optional[int] = ..., services: _Optional[int] = ..., instances: _Optional[int] = ..., cluster_subnet: _Optional[str] = ..., warren_version: _Optional[str] = ..., format: _Optional[int] = ..., sequence: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class JoinClusterRequest(_message.Message):
    __slots__ = ("write", "name", "address", "peer_address")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PEER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    name: str
    address: str
    peer_address: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., name: _Optional[str] = ..., address: _Optional[str] = ..., peer_address: _Optional[str] = ...) -> None: ...

class JoinClusterResponse(_message.Message):
    __slots__ = ("member", "managers")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    MANAGERS_FIELD_NUMBER: _ClassVar[int]
    member: int
    managers: _containers.RepeatedCompositeFieldContainer[Manager]
    def __init__(self, member: _Optional[int] = ..., managers: _Optional[_Iterable[_Union[Manager, _Mapping]]] = ...) -> None: ...

class ListManagersRequest(_message.Message):
    __slots__ = ("read",)
    READ_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ...) -> None: ...

class ListManagersResponse(_message.Message):
    __slots__ = ("managers",)
    MANAGERS_FIELD_NUMBER: _ClassVar[int]
    managers: _containers.RepeatedCompositeFieldContainer[Manager]
    def __init__(self, managers: _Optional[_Iterable[_Union[Manager, _Mapping]]] = ...) -> None: ...

class RemoveManagerRequest(_message.Message):
    __slots__ = ("write", "manager", "force")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    MANAGER_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    manager: str
    force: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., manager: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class TransferLeadershipRequest(_message.Message):
    __slots__ = ("write", "manager")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    MANAGER_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    manager: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., manager: _Optional[str] = ...) -> None: ...

class TransferLeadershipResponse(_message.Message):
    __slots__ = ("leader", "term")
    LEADER_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    leader: Manager
    term: int
    def __init__(self, leader: _Optional[_Union[Manager, _Mapping]] = ..., term: _Optional[int] = ...) -> None: ...

class BackupRequest(_message.Message):
    __slots__ = ("read",)
    READ_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ...) -> None: ...

class BackupChunk(_message.Message):
    __slots__ = ("data", "offset", "digest")
    DATA_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    offset: int
    digest: bytes
    def __init__(self, data: _Optional[bytes] = ..., offset: _Optional[int] = ..., digest: _Optional[bytes] = ...) -> None: ...

class RestoreStart(_message.Message):
    __slots__ = ("cluster_id", "force")
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    cluster_id: str
    force: bool
    def __init__(self, cluster_id: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class RestoreRequest(_message.Message):
    __slots__ = ("start", "chunk")
    START_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    start: RestoreStart
    chunk: BackupChunk
    def __init__(self, start: _Optional[_Union[RestoreStart, _Mapping]] = ..., chunk: _Optional[_Union[BackupChunk, _Mapping]] = ...) -> None: ...

class RestoreResponse(_message.Message):
    __slots__ = ("sequence", "services", "nodes")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    services: int
    nodes: int
    def __init__(self, sequence: _Optional[int] = ..., services: _Optional[int] = ..., nodes: _Optional[int] = ...) -> None: ...

class UnlockKey(_message.Message):
    __slots__ = ("method", "value")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    method: UnlockMethod
    value: bytes
    def __init__(self, method: _Optional[_Union[UnlockMethod, str]] = ..., value: _Optional[bytes] = ...) -> None: ...

class UnlockRequest(_message.Message):
    __slots__ = ("write", "key")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    key: UnlockKey
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., key: _Optional[_Union[UnlockKey, _Mapping]] = ...) -> None: ...

class UnlockResponse(_message.Message):
    __slots__ = ("manager", "was_unlocked")
    MANAGER_FIELD_NUMBER: _ClassVar[int]
    WAS_UNLOCKED_FIELD_NUMBER: _ClassVar[int]
    manager: str
    was_unlocked: bool
    def __init__(self, manager: _Optional[str] = ..., was_unlocked: _Optional[bool] = ...) -> None: ...

class RotateKeysRequest(_message.Message):
    __slots__ = ("write", "data_key", "unlock_key")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    DATA_KEY_FIELD_NUMBER: _ClassVar[int]
    UNLOCK_KEY_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    data_key: bool
    unlock_key: UnlockKey
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., data_key: _Optional[bool] = ..., unlock_key: _Optional[_Union[UnlockKey, _Mapping]] = ...) -> None: ...

class RotateKeysResponse(_message.Message):
    __slots__ = ("resealed", "sequence")
    RESEALED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    resealed: int
    sequence: int
    def __init__(self, resealed: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...
