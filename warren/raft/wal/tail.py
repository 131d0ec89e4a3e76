"""Whether a log ends in a write that power cut short, or in damage.

A file was filled with zeros, durably, before it was used, and only one write at a time is not yet
synced. So of the record that a crash interrupted at least one sector is as it was before: zeros.
A record that cannot be read although something of it stands in each of its sectors was whole once
and may have been acknowledged: that is damage, as is a bad record with a good one behind it. The end
mark, and the first byte of the payload, which is never zero either, serve the same question for a
write that stopped in the middle of a sector.
"""

from warren.raft.wal.format import HEAD_BYTES, HEADER_BYTES, has_record_from, read_head

SECTOR_BYTES = 512
_ZEROS = bytes(1 << 16)


def end_of_data(data: bytes, offset: int) -> int:
    """Where the last byte behind ``offset`` that is not zero ends; ``offset`` if there is none."""
    end = len(data)
    while end > offset:
        start = max(offset, end - len(_ZEROS))
        block = data[start:end]
        if block != _ZEROS and (block := block.rstrip(b"\0")):
            return start + len(block)
        end = start
    return offset


def is_torn(data: bytes, offset: int, seed: int) -> bool:
    """Whether what stands at ``offset``, behind the last good record, was never acknowledged."""
    return not has_record_from(data, offset, seed) and not _was_whole(data, offset, seed)


def is_blank(data: bytes, seed: int) -> bool:
    """Whether a file without a readable header was never used, or only by a write cut short."""
    head = data[:SECTOR_BYTES]
    cut = not any(head) or (any(head[:HEADER_BYTES]) and not any(head[HEADER_BYTES - 1 :]))
    return cut and not has_record_from(data, 0, seed)


def _was_whole(data: bytes, offset: int, seed: int) -> bool:
    end = offset + HEAD_BYTES
    if end > len(data):  # too little for a record: none was ever written there
        return False
    if not _is_written(data, offset, end) or not any(data[end - 1 : end + 1]):
        return False
    head = read_head(data, offset, seed)
    if head is None:
        return True
    end = offset + head.record_bytes
    if end_of_data(data, end) > end:  # another record began behind it
        return True
    return end > len(data) or (data[end - 1] != 0 and _is_written(data, offset, end))


def _is_written(data: bytes, start: int, end: int) -> bool:
    while start < end:
        stop = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        if not any(data[start:stop]):
            return False
        start = stop
    return True
