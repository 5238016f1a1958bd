"""Keep every balance ever confirmed, and answer questions about them."""
