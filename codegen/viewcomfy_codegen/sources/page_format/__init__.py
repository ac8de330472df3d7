"""The format in which ComfyUI's web page saves workflows, and its conversion to the API format."""
