"""What is kept of the pictures: pre-roll, clips, and when they go."""
