"""What the service can be asked to do, one module a use case."""
