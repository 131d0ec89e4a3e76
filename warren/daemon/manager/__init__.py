"""A manager as a process: one to seven of them keep a cluster's record and share its work.

``seat`` says what lies in a data directory, ``founding`` and ``joining`` make one, ``running`` is the
process. Managers meet at two ports of their own: the consensus speaks at one, and ``reception`` at the
other, where newcomers show their token and managers ask each other what only one of them can do.
"""
