"""The persistent Python runner: functions of ``fleet.remote``, called on a host in one round trip.

``host_side`` is the program that is sent to the host; ``caller`` is our end of the line; ``sources``
finds what a function needs.
"""
