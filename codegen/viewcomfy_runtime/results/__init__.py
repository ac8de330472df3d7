"""What a run gives, and how it goes onto a disk."""
