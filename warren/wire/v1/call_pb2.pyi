from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verb(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERB_UNSPECIFIED: _ClassVar[Verb]
    VERB_CREATED: _ClassVar[Verb]
    VERB_UPDATED: _ClassVar[Verb]
    VERB_DELETED: _ClassVar[Verb]
    VERB_UNCHANGED: _ClassVar[Verb]
VERB_UNSPECIFIED: Verb
VERB_CREATED: Verb
VERB_UPDATED: Verb
VERB_DELETED: Verb
VERB_UNCHANGED: Verb

class WriteOptions(_message.Message):
    __slots__ = ("idempotency_key", "expected_version")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    expected_version: int
    def __init__(self, idempotency_key: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class ReadOptions(_message.Message):
    __slots__ = ("stale", "after_sequence")
    STALE_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    stale: bool
    after_sequence: int
    def __init__(self, stale: _Optional[bool] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class Page(_message.Message):
    __slots__ = ("size", "token")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    size: int
    token: str
    def __init__(self, size: _Optional[int] = ..., token: _Optional[str] = ...) -> None: ...

class PageInfo(_message.Message):
    __slots__ = ("next_token", "total", "sequence")
    NEXT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    next_token: str
    total: int
    sequence: int
    def __init__(self, next_token: _Optional[str] = ..., total: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class Written(_message.Message):
    __slots__ = ("verb", "id", "name", "version", "sequence")
    VERB_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    verb: Verb
    id: str
    name: str
    version: int
    sequence: int
    def __init__(self, verb: _Optional[_Union[Verb, str]] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...
