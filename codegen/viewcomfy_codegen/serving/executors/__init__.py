"""What runs a workflow: a preview without models, or a ComfyUI."""
