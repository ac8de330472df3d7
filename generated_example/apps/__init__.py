"""Small apps on the generated client, each of which somebody really needed."""
