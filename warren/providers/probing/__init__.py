"""Health checks: asking a container whether it is well, and what a series of answers means.

``verdicts`` is pure; ``asking`` sends the questions.
"""
