"""Back up every Instagram post, and post it on the owner's Ghost blog."""
