"""Runtime code of `everyday`: Lambdas, command line, console and local mode share it."""
