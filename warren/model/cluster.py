"""The cluster: what one set of managers looks after."""

from warren.model.resource import Resource


class Cluster(Resource):
    """The one record about the cluster itself."""
