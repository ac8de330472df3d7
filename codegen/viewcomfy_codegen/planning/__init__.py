"""The planning of a client: which inputs become parameters, and the type, the name and the
documentation of each.
"""
