"""From a workflow to the plan of its client: which inputs
become parameters, what each takes and says.
"""
