"""What CloudFront is in local mode: sites by their names, the functions they deploy, and key-value stores."""
