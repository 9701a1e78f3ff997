"""What committing events costs, and what a client costs that comes back."""
