"""Content Credentials (C2PA) of the videos: keys and certificates of a deployment's own, and signing. Knows nothing of the model."""
