from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContainerRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTAINER_ROLE_UNSPECIFIED: _ClassVar[ContainerRole]
    CONTAINER_ROLE_MAIN: _ClassVar[ContainerRole]
    CONTAINER_ROLE_SIDECAR: _ClassVar[ContainerRole]
    CONTAINER_ROLE_INIT: _ClassVar[ContainerRole]

class Protocol(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROTOCOL_UNSPECIFIED: _ClassVar[Protocol]
    PROTOCOL_TCP: _ClassVar[Protocol]
    PROTOCOL_UDP: _ClassVar[Protocol]

class PublishMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUBLISH_MODE_UNSPECIFIED: _ClassVar[PublishMode]
    PUBLISH_MODE_HOST: _ClassVar[PublishMode]
    PUBLISH_MODE_INGRESS: _ClassVar[PublishMode]

class MountType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOUNT_TYPE_UNSPECIFIED: _ClassVar[MountType]
    MOUNT_TYPE_VOLUME: _ClassVar[MountType]
    MOUNT_TYPE_BIND: _ClassVar[MountType]
    MOUNT_TYPE_TMPFS: _ClassVar[MountType]
CONTAINER_ROLE_UNSPECIFIED: ContainerRole
CONTAINER_ROLE_MAIN: ContainerRole
CONTAINER_ROLE_SIDECAR: ContainerRole
CONTAINER_ROLE_INIT: ContainerRole
PROTOCOL_UNSPECIFIED: Protocol
PROTOCOL_TCP: Protocol
PROTOCOL_UDP: Protocol
PUBLISH_MODE_UNSPECIFIED: PublishMode
PUBLISH_MODE_HOST: PublishMode
PUBLISH_MODE_INGRESS: PublishMode
MOUNT_TYPE_UNSPECIFIED: MountType
MOUNT_TYPE_VOLUME: MountType
MOUNT_TYPE_BIND: MountType
MOUNT_TYPE_TMPFS: MountType

class Port(_message.Message):
    __slots__ = ("name", "container_port", "host_port", "protocol", "mode")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_PORT_FIELD_NUMBER: _ClassVar[int]
    HOST_PORT_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    name: str
    container_port: int
    host_port: int
    protocol: Protocol
    mode: PublishMode
    def __init__(self, name: _Optional[str] = ..., container_port: _Optional[int] = ..., host_port: _Optional[int] = ..., protocol: _Optional[_Union[Protocol, str]] = ..., mode: _Optional[_Union[PublishMode, str]] = ...) -> None: ...

class Mount(_message.Message):
    __slots__ = ("type", "source", "target", "read_only", "size_bytes")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    type: MountType
    source: str
    target: str
    read_only: bool
    size_bytes: int
    def __init__(self, type: _Optional[_Union[MountType, str]] = ..., source: _Optional[str] = ..., target: _Optional[str] = ..., read_only: _Optional[bool] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class Resources(_message.Message):
    __slots__ = ("cpu_limit", "memory_limit_bytes", "cpu_reservation", "memory_reservation_bytes", "disk_limit_bytes", "gpus")
    CPU_LIMIT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_RESERVATION_FIELD_NUMBER: _ClassVar[int]
    MEMORY_RESERVATION_BYTES_FIELD_NUMBER: _ClassVar[int]
    DISK_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    GPUS_FIELD_NUMBER: _ClassVar[int]
    cpu_limit: float
    memory_limit_bytes: int
    cpu_reservation: float
    memory_reservation_bytes: int
    disk_limit_bytes: int
    gpus: int
    def __init__(self, cpu_limit: _Optional[float] = ..., memory_limit_bytes: _Optional[int] = ..., cpu_reservation: _Optional[float] = ..., memory_reservation_bytes: _Optional[int] = ..., disk_limit_bytes: _Optional[int] = ..., gpus: _Optional[int] = ...) -> None: ...

class HttpCheck(_message.Message):
    __slots__ = ("interval_seconds", "timeout_seconds", "retries", "start_period_seconds", "port", "path", "headers", "status_min", "status_max")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    START_PERIOD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    STATUS_MIN_FIELD_NUMBER: _ClassVar[int]
    STATUS_MAX_FIELD_NUMBER: _ClassVar[int]
    interval_seconds: float
    timeout_seconds: float
    retries: int
    start_period_seconds: float
    port: int
    path: str
    headers: _containers.ScalarMap[str, str]
    status_min: int
    status_max: int
    def __init__(self, interval_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ..., retries: _Optional[int] = ..., start_period_seconds: _Optional[float] = ..., port: _Optional[int] = ..., path: _Optional[str] = ..., headers: _Optional[_Mapping[str, str]] = ..., status_min: _Optional[int] = ..., status_max: _Optional[int] = ...) -> None: ...

class TcpCheck(_message.Message):
    __slots__ = ("interval_seconds", "timeout_seconds", "retries", "start_period_seconds", "port")
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    START_PERIOD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    interval_seconds: float
    timeout_seconds: float
    retries: int
    start_period_seconds: float
    port: int
    def __init__(self, interval_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ..., retries: _Optional[int] = ..., start_period_seconds: _Optional[float] = ..., port: _Optional[int] = ...) -> None: ...

class ExecCheck(_message.Message):
    __slots__ = ("interval_seconds", "timeout_seconds", "retries", "start_period_seconds", "command")
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    START_PERIOD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    interval_seconds: float
    timeout_seconds: float
    retries: int
    start_period_seconds: float
    command: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, interval_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ..., retries: _Optional[int] = ..., start_period_seconds: _Optional[float] = ..., command: _Optional[_Iterable[str]] = ...) -> None: ...

class GrpcCheck(_message.Message):
    __slots__ = ("interval_seconds", "timeout_seconds", "retries", "start_period_seconds", "port", "service")
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    START_PERIOD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    interval_seconds: float
    timeout_seconds: float
    retries: int
    start_period_seconds: float
    port: int
    service: str
    def __init__(self, interval_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ..., retries: _Optional[int] = ..., start_period_seconds: _Optional[float] = ..., port: _Optional[int] = ..., service: _Optional[str] = ...) -> None: ...

class HealthCheck(_message.Message):
    __slots__ = ("http", "tcp", "exec", "grpc")
    HTTP_FIELD_NUMBER: _ClassVar[int]
    TCP_FIELD_NUMBER: _ClassVar[int]
    EXEC_FIELD_NUMBER: _ClassVar[int]
    GRPC_FIELD_NUMBER: _ClassVar[int]
    http: HttpCheck
    tcp: TcpCheck
    exec: ExecCheck
    grpc: GrpcCheck
    def __init__(self, http: _Optional[_Union[HttpCheck, _Mapping]] = ..., tcp: _Optional[_Union[TcpCheck, _Mapping]] = ..., exec: _Optional[_Union[ExecCheck, _Mapping]] = ..., grpc: _Optional[_Union[GrpcCheck, _Mapping]] = ...) -> None: ...

class Capabilities(_message.Message):
    __slots__ = ("add", "drop")
    ADD_FIELD_NUMBER: _ClassVar[int]
    DROP_FIELD_NUMBER: _ClassVar[int]
    add: _containers.RepeatedScalarFieldContainer[str]
    drop: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, add: _Optional[_Iterable[str]] = ..., drop: _Optional[_Iterable[str]] = ...) -> None: ...

class ContainerSpec(_message.Message):
    __slots__ = ("name", "role", "image", "command", "args", "env", "ports", "volumes", "health_check", "resources", "depends_on", "annotations", "user", "working_dir", "read_only", "capabilities", "extra_hosts")
    class EnvEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ExtraHostsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    ENV_FIELD_NUMBER: _ClassVar[int]
    PORTS_FIELD_NUMBER: _ClassVar[int]
    VOLUMES_FIELD_NUMBER: _ClassVar[int]
    HEALTH_CHECK_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    WORKING_DIR_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    EXTRA_HOSTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    role: ContainerRole
    image: str
    command: _containers.RepeatedScalarFieldContainer[str]
    args: _containers.RepeatedScalarFieldContainer[str]
    env: _containers.ScalarMap[str, str]
    ports: _containers.RepeatedCompositeFieldContainer[Port]
    volumes: _containers.RepeatedCompositeFieldContainer[Mount]
    health_check: HealthCheck
    resources: Resources
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    annotations: _containers.ScalarMap[str, str]
    user: str
    working_dir: str
    read_only: bool
    capabilities: Capabilities
    extra_hosts: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., role: _Optional[_Union[ContainerRole, str]] = ..., image: _Optional[str] = ..., command: _Optional[_Iterable[str]] = ..., args: _Optional[_Iterable[str]] = ..., env: _Optional[_Mapping[str, str]] = ..., ports: _Optional[_Iterable[_Union[Port, _Mapping]]] = ..., volumes: _Optional[_Iterable[_Union[Mount, _Mapping]]] = ..., health_check: _Optional[_Union[HealthCheck, _Mapping]] = ..., resources: _Optional[_Union[Resources, _Mapping]] = ..., depends_on: _Optional[_Iterable[str]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., user: _Optional[str] = ..., working_dir: _Optional[str] = ..., read_only: _Optional[bool] = ..., capabilities: _Optional[_Union[Capabilities, _Mapping]] = ..., extra_hosts: _Optional[_Mapping[str, str]] = ...) -> None: ...
