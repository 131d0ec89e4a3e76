from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CallerRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALLER_ROLE_UNSPECIFIED: _ClassVar[CallerRole]
    CALLER_ROLE_ADMIN: _ClassVar[CallerRole]
    CALLER_ROLE_OPERATOR: _ClassVar[CallerRole]
    CALLER_ROLE_VIEWER: _ClassVar[CallerRole]
    CALLER_ROLE_MANAGER: _ClassVar[CallerRole]
    CALLER_ROLE_TOOL: _ClassVar[CallerRole]

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_CLUSTER: _ClassVar[Scope]
    SCOPE_TENANT: _ClassVar[Scope]
    SCOPE_SELF: _ClassVar[Scope]

class Effect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EFFECT_UNSPECIFIED: _ClassVar[Effect]
    EFFECT_READ: _ClassVar[Effect]
    EFFECT_WRITE: _ClassVar[Effect]

class AnsweredBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ANSWERED_BY_UNSPECIFIED: _ClassVar[AnsweredBy]
    ANSWERED_BY_ANY: _ClassVar[AnsweredBy]
    ANSWERED_BY_LEADER: _ClassVar[AnsweredBy]
    ANSWERED_BY_CALLED: _ClassVar[AnsweredBy]
CALLER_ROLE_UNSPECIFIED: CallerRole
CALLER_ROLE_ADMIN: CallerRole
CALLER_ROLE_OPERATOR: CallerRole
CALLER_ROLE_VIEWER: CallerRole
CALLER_ROLE_MANAGER: CallerRole
CALLER_ROLE_TOOL: CallerRole
SCOPE_UNSPECIFIED: Scope
SCOPE_CLUSTER: Scope
SCOPE_TENANT: Scope
SCOPE_SELF: Scope
EFFECT_UNSPECIFIED: Effect
EFFECT_READ: Effect
EFFECT_WRITE: Effect
ANSWERED_BY_UNSPECIFIED: AnsweredBy
ANSWERED_BY_ANY: AnsweredBy
ANSWERED_BY_LEADER: AnsweredBy
ANSWERED_BY_CALLED: AnsweredBy
ACCESS_FIELD_NUMBER: _ClassVar[int]
access: _descriptor.FieldDescriptor

class Access(_message.Message):
    __slots__ = ("roles", "scope", "effect", "answered_by", "on_socket", "yields_secrets", "deadline_seconds", "by_token")
    ROLES_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_BY_FIELD_NUMBER: _ClassVar[int]
    ON_SOCKET_FIELD_NUMBER: _ClassVar[int]
    YIELDS_SECRETS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    roles: _containers.RepeatedScalarFieldContainer[CallerRole]
    scope: Scope
    effect: Effect
    answered_by: AnsweredBy
    on_socket: bool
    yields_secrets: bool
    deadline_seconds: float
    by_token: bool
    def __init__(self, roles: _Optional[_Iterable[_Union[CallerRole, str]]] = ..., scope: _Optional[_Union[Scope, str]] = ..., effect: _Optional[_Union[Effect, str]] = ..., answered_by: _Optional[_Union[AnsweredBy, str]] = ..., on_socket: _Optional[bool] = ..., yields_secrets: _Optional[bool] = ..., deadline_seconds: _Optional[float] = ..., by_token: _Optional[bool] = ...) -> None: ...
