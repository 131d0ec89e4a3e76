"""The typed client: what the playbook and the command line may ask of a manager.

``contract`` is all there is to know; who implements it (the manager in this process, or one across
the network) is the composition root's business.
"""
