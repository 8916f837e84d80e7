"""The types that validate and document what goes over HTTP."""
