"""The log on disk: what a member must remember, before it says so.

Files ``log-<number>`` of one size, filled with zeros before they are used, hold records; a record
is what one write and one fdatasync made durable. ``format`` is the bytes, ``recovery`` reads them
(and decides between a torn end and damage), ``writer`` adds to them, ``reserve`` keeps some space
back for the day the disk is full. Everything blocks and belongs on a thread.
"""
