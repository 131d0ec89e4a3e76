"""The messages and services of ``warren.v1``: ``.proto`` files, and what ``make proto`` makes of them."""
