"""What runs on the machine itself. Baked into the image, so it needs Python and boto3 and nothing else."""
