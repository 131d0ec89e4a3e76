"""The api: turns a request into one transaction on the desired state, and reads for lists.

It writes what is wanted; ``control`` sees the change and acts. Neither imports the other. Start with
``serving``, where everything comes together, and ``guard``, which every call passes.

Importing this package settles which TLS gRPC speaks: it reads the variable while it is loaded.
"""

import os
import sys

SUITES_VARIABLE = "GRPC_SSL_CIPHER_SUITES"
SUITES = "ECDHE-RSA-AES256-GCM-SHA384"
"""For TLS 1.2 only, and for a kind of certificate that no cluster has; see ``warren.api.keys``."""

_is_in_time = "grpc" not in sys.modules or os.environ.get(SUITES_VARIABLE) == SUITES
os.environ[SUITES_VARIABLE] = SUITES


def are_suites_set() -> bool:
    """Whether gRPC was told before it was loaded."""
    return _is_in_time
