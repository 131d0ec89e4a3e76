"""The cluster: what one set of managers looks after."""

from warren.model.resource import Resource


class Cluster(Resource):
    """The one record about the cluster itself.

    Attributes:
        epoch: rises every time a controller takes over; hosts refuse an older one.
    """

    epoch: int = 0
