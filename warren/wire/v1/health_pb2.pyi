import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warren.wire.v1 import access_pb2 as _access_pb2
from warren.wire.v1 import call_pb2 as _call_pb2
from warren.wire.v1 import service_api_pb2 as _service_api_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetHealthStatusRequest(_message.Message):
    __slots__ = ("read",)
    READ_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ...) -> None: ...

class Check(_message.Message):
    __slots__ = ("name", "status", "message")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: _service_api_pb2.HealthStatus
    message: str
    def __init__(self, name: _Optional[str] = ..., status: _Optional[_Union[_service_api_pb2.HealthStatus, str]] = ..., message: _Optional[str] = ...) -> None: ...

class GetHealthStatusResponse(_message.Message):
    __slots__ = ("status", "checks", "at", "warren_version", "ready")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    WARREN_VERSION_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    status: _service_api_pb2.HealthStatus
    checks: _containers.RepeatedCompositeFieldContainer[Check]
    at: _timestamp_pb2.Timestamp
    warren_version: str
    ready: bool
    def __init__(self, status: _Optional[_Union[_service_api_pb2.HealthStatus, str]] = ..., checks: _Optional[_Iterable[_Union[Check, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., warren_version: _Optional[str] = ..., ready: _Optional[bool] = ...) -> None: ...
