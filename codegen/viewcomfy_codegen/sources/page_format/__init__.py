"""The format in which ComfyUI's web page saves workflows, and how it becomes the API format."""
