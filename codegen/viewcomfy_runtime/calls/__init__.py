"""What passes between a workflow and the place that runs it."""
