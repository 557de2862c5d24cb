"""One module per outside service. Each turns the service's errors into those of `everyday.errors`."""
