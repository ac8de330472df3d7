"""What a call may hold: keys, types, files and their descriptions."""
